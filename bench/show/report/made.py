"""What a run is, and how it was made."""

import shlex
from collections.abc import Iterator

from bench.model.run import Run
from bench.show.report.machine import machine, steadiness
from bench.show.report.selftest import selftest_lines
from bench.show.text.document import Block, Code, Facts, Link, Paragraph, Section, points, words_table
from bench.show.text.words import cut, listed, plural
from bench.units import seconds

LONGEST = 20_000
"""Characters of the command, and of a list of versions: a thousand of them."""

FIGURES = "figures.json"
"""The file of all figures, beside the report."""

_HEADERS = ("stack", "what it is", "workers", "threads", "slots")


def summary(run: Run) -> str:
    """What was planned, when it began, and how each cell was measured."""
    profile, timing = run.config.profile, run.config.profile.timing
    loads = sum(len(own) for own in profile.loads.values())
    running = [stack.name for stack in run.config.stacks.values() if stack.url is not None]
    fresh = "Each stack, scenario and round had a fresh server"
    if running:
        others = f"; {fresh[0].lower()}{fresh[1:]} of the others" if len(running) < len(profile.stacks) else ""
        fresh = f"{listed(running)} ran already{others}"
    return (
        f"{plural(len(profile.stacks), 'stack')}, {plural(loads, 'load')} in {plural(len(profile.loads), 'scenario')}, "
        f"{plural(profile.rounds, 'round')} (profile {profile.name}), started {run.started}. {fresh}. "
        f"Each cell had {seconds(timing.warmup_s)} of warm-up and a window of "
        f"{seconds(timing.window_s)}, extended to at most {seconds(timing.window_limit_s)} where answers were slow."
    )


def where(run: Run) -> Section:
    """The machine, and what was installed on it."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items()))
    facts = Facts((("versions", cut(versions, LONGEST)),))
    return Section("machine", "Machine and versions", (Paragraph(machine(run)), facts))


def stacks(run: Run) -> Section:
    """The stacks of the profile: what each is, and how many requests it serves at a time."""
    table = words_table(
        _HEADERS,
        (
            (
                stack.name,
                stack.title,
                str(stack.workers),
                str(stack.threads),
                "unbounded" if stack.slots is None else str(stack.slots),
            )
            for stack in (run.config.stacks[name] for name in run.config.profile.stacks)
        ),
        key="stack",
        right=_HEADERS[2:],
    )
    return Section("stacks", "Stacks", (table,))


def made(run: Run) -> Section:
    """The code and the settings, how steady the machine was and what it can measure, and the command."""
    return Section("made", "How it was made", tuple(_made(run)))


def _made(run: Run) -> Iterator[Block]:
    commit = "not known" if run.commit is None else run.commit + (" with uncommitted changes" if run.dirty else "")
    packages = ("lock file (SHA-256)", run.lock_sha256) if run.lock_sha256 is not None else _distributions(run)
    yield Facts((("commit", commit), packages, ("seed", str(run.seed))))
    yield Paragraph("For programs, each with its rounds and its reasons:", Link("All figures as JSON", FIGURES))
    steady = steadiness(run)
    if steady is not None:
        yield Paragraph(steady)
    if run.selftest is None:
        found: tuple[Block, ...] = (Paragraph("No selftest of the machine was recorded."),)
    else:
        found = (Paragraph(f"Selftest of {run.selftest.taken}:"), *points(selftest_lines(run.selftest)))
    yield Section("selftest", "What this machine can measure", found)
    yield Section("command", "The command", (Code(cut(shlex.join(("python", "-m", "bench", *run.argv)), LONGEST)),))


def _distributions(run: Run) -> tuple[str, str]:
    """What an installed program, which has no lock file, ran with."""
    found = ", ".join(f"{name} {version}" for name, version in run.distributions.items())
    return "installed distributions", cut(found, LONGEST)
