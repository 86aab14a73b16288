"""What a run is and what it was made with, in words."""

import shlex

from bench.model.run import Run
from bench.show.report.selftest import selftest_lines
from bench.show.text.markdown import plural
from bench.show.text.sheet import Passage, Sheet
from bench.units import seconds


def summary(run: Run) -> str:
    """Two sentences: what was planned and when it began, and how each cell was measured."""
    profile, timing = run.config.profile, run.config.profile.timing
    loads = sum(len(own) for own in profile.loads.values())
    return (
        f"{plural(len(profile.stacks), 'stack')} under {plural(loads, 'load')} of "
        f"{plural(len(profile.loads), 'scenario')}, in {plural(profile.rounds, 'round')} of profile {profile.name}, "
        f"begun {run.started}. Each cell: a fresh server for each stack, scenario and round, "
        f"{seconds(timing.warmup_s)} of warm-up, then a window of {seconds(timing.window_s)}, which grows to at most "
        f"{seconds(timing.window_limit_s)} where answers are slow."
    )


def versions(run: Run) -> tuple[str, ...]:
    """What was installed, each with its version."""
    return tuple(f"{name} {version}" for name, version in sorted(run.versions.items()))


def stacks(run: Run) -> Sheet:
    """The stacks of the profile: what each is, and how many requests it can hold at once."""
    return Sheet(
        "Stacks",
        ("stack", "what it is", "workers", "threads", "slots"),
        tuple(
            (
                stack.name,
                stack.title,
                str(stack.workers),
                str(stack.threads),
                "unbounded" if stack.slots is None else str(stack.slots),
            )
            for stack in (run.config.stacks[name] for name in run.config.profile.stacks)
        ),
    )


def facts(run: Run) -> tuple[tuple[str, str], ...]:
    """Names and values: the code, what was installed, and the seed."""
    commit = "not known" if run.commit is None else run.commit + (" with uncommitted changes" if run.dirty else "")
    packages = ("lock file (SHA-256)", run.lock_sha256) if run.lock_sha256 is not None else _distributions(run)
    return ("commit", commit), packages, ("seed", str(run.seed))


def _distributions(run: Run) -> tuple[str, str]:
    return "installed distributions", ", ".join(f"{name} {version}" for name, version in run.distributions.items())


def tested(run: Run) -> Passage:
    """What the machine can measure, as far as it was tried."""
    title = "What this machine can measure"
    if run.selftest is None:
        return Passage(title, "No selftest of the machine was recorded.")
    return Passage(title, f"By its selftest of {run.selftest.taken}:", selftest_lines(run.selftest))


def argv(run: Run) -> str:
    """What `python -m bench` was given, as a shell would take it."""
    return shlex.join(run.argv)
