"""Whether two runs are comparable: what they differ in besides the code."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from bench.model.config import Scenario, Stack
from bench.model.requests import Asked, Login, Request
from bench.model.run import Machine, Run
from bench.units import megabytes

ABSENT = "none"

NAMED = 3
"""The most distributions that are named; the rest are counted."""

MEMORY_SHARE = 0.10
"""Machines of one kind report slightly different memory sizes after each start; no figure depends on that."""


INSTALLED = ("lock_sha256", "distributions")
"""The fields of `notable` that are part of a machine."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which two runs differ, and its value in each, in words."""

    field: str
    base: str
    head: str


_Facts = Iterable[tuple[str, str]]
"""The names of a run's fields and their values, in words."""


def differences(base: Run, head: Run) -> tuple[Difference, ...]:
    """Every field whose difference makes the figures of two runs incomparable; none: the runs are comparable.

    The versions of the kernel and of Python count to the last digit, because either changes figures. Memory counts if
    it differs by more than MEMORY_SHARE: then it is another machine. Stacks and scenarios count if both runs have them,
    except for titles and the readiness check. The commit may differ: that is the comparison.
    """
    unequal = _unequal(_facts(base, head), _facts(head, base))
    return (*unequal, *_memory(base.machine, head.machine), *_running(base, head))


def notable(base: Run, head: Run) -> tuple[Difference, ...]:
    """What the two runs differ in that a reader must know of, though their figures are compared all the same.

    Another lock file, or other installed distributions, may be what the change is. Another number of rounds makes the
    intervals wider or narrower.
    """
    found = (
        Difference("rounds", str(base.config.profile.rounds), str(head.config.profile.rounds)),
        Difference("lock_sha256", _short(base.lock_sha256), _short(head.lock_sha256)),
        Difference("distributions", *_installed(base.distributions, head.distributions)),
    )
    return tuple(one for one in found if one.base != one.head)


def machine_differences(base: Run, head: Run) -> tuple[Difference, ...]:
    """In what the machines of two runs differ, or what is installed on them: what changes figures besides the code."""
    here, there = ((*_machine(run), *_versions(run)) for run in (base, head))
    installed = (one for one in notable(base, head) if one.field in INSTALLED)
    return (*_unequal(here, there), *_memory(base.machine, head.machine), *installed)


def settings_differences(base: Run, head: Run, stacks: Iterable[str], scenario: str) -> tuple[Difference, ...]:
    """In what the settings of these stacks and of the scenario differ; both runs have them.

    Titles and the readiness check are no matter.
    """

    def facts(run: Run) -> _Facts:
        for name in stacks:
            yield from _of_stack(run, name)
        yield from _of_scenario(run, scenario)

    return _unequal(facts(base), facts(head))


def _unequal(base: _Facts, head: _Facts) -> tuple[Difference, ...]:
    """The facts whose values differ, in their order."""
    here, there = dict(base), dict(head)
    return tuple(
        Difference(field, here.get(field, ABSENT), there.get(field, ABSENT))
        for field in dict.fromkeys((*here, *there))
        if here.get(field) != there.get(field)
    )


def _running(base: Run, head: Run) -> Iterable[Difference]:
    """The stacks of both runs that ran already: nothing is known of how their figures vary between restarts."""
    said = "ran already, so its rounds are no restarts"
    for name, stack in base.config.stacks.items():
        if stack.url is not None and name in head.config.stacks:
            yield Difference(f"stacks.{name}.url", f"{stack.url}, {said}", f"{head.config.stacks[name].url}, {said}")


def _facts(run: Run, other: Run) -> _Facts:
    """The names and values of the run's fields, in words; only stacks and scenarios that the other run has too."""
    profile = run.config.profile
    yield from _machine(run)
    yield "profile", profile.name
    for name in ("warmup_s", "window_s", "window_limit_s"):
        yield f"timing.{name}", str(getattr(profile.timing, name))
    yield "seed", str(run.seed)
    yield from _versions(run)
    for name in run.config.stacks:
        if name in other.config.stacks:
            yield from _of_stack(run, name)
    for name in run.config.scenarios:
        if name in other.config.scenarios:
            yield from _of_scenario(run, name)


def _machine(run: Run) -> _Facts:
    for name in ("cpu_model", "cpus", "system", "kernel", "python", "has_pss"):
        yield f"machine.{name}", str(getattr(run.machine, name))
    yield "server_cpus", _cpus(run.server_cpus)
    yield "load_cpus", _cpus(run.load_cpus)


def _versions(run: Run) -> _Facts:
    yield from ((f"versions.{package}", version) for package, version in run.versions.items())


def _of_stack(run: Run, name: str) -> _Facts:
    """The facts of a stack, and of the companions that it needs."""
    stack = run.config.stacks[name]
    yield from ((f"stacks.{name}.{field}", value) for field, value in _stack(stack))
    for one in run.config.companions_of(stack):
        yield from ((f"companions.{one.name}.{key}", _words(value)) for key, value in asdict(one).items())


def _of_scenario(run: Run, name: str) -> _Facts:
    yield from ((f"scenarios.{name}.{field}", value) for field, value in _scenario(run.config.scenarios[name]))


def _words(value: object) -> str:
    return shlex.join(value) if isinstance(value, tuple) else str(value)


def _stack(stack: Stack) -> _Facts:
    yield "interface", stack.interface or ABSENT
    yield "argv", shlex.join(stack.argv) or ABSENT
    yield "url", stack.url or ABSENT
    yield "needs", ", ".join(stack.needs) or ABSENT
    yield "prepare", shlex.join(stack.prepare) or ABSENT
    yield from ((f"env.{name}", value) for name, value in stack.env.items())
    yield "workers", str(stack.workers)
    yield "threads", str(stack.threads)
    yield "slots", "unbounded" if stack.slots is None else str(stack.slots)
    yield "cwd", stack.cwd
    yield "programs", ABSENT if stack.programs is None else stack.programs


def _scenario(scenario: Scenario) -> _Facts:
    for name in ("locustfile", "locust_args", "client", "hold_s", "timeout_s", "connection"):
        yield name, str(getattr(scenario, name))
    if scenario.asked is not None:
        yield from _asked(scenario.asked)
    for route, call in scenario.upstream.items():
        yield f"upstream.{route}", f"calls {call.calls}, median_s {call.median_s}, sigma {call.sigma}"


def _asked(asked: Asked) -> _Facts:
    yield "cookies", str(asked.cookies)
    yield from ((f"requests.{one.name}", _given(one)) for one in asked.requests)
    if asked.feed is not None:
        yield "feed", f"{asked.feed.file}, {asked.feed.order}, SHA-256 {_short(asked.feed.sha256)}"
    if asked.login is not None:
        yield "login", _given(asked.login)


def _given(table: Request | Login) -> str:
    """What is given in a table, as JSON."""
    given = {name: value for name, value in asdict(table).items() if value not in (None, {}) and name != "name"}
    return json.dumps(given, ensure_ascii=False)


def _installed(here: Mapping[str, str], there: Mapping[str, str]) -> tuple[str, str]:
    """The first distributions that differ, with their versions; nothing where a side has recorded none."""
    other = [name for name in {**here, **there} if here.get(name) != there.get(name)] if here and there else []
    more = f" and {len(other) - NAMED} more" if len(other) > NAMED else ""
    base, head = (
        ", ".join(f"{name} {side.get(name, ABSENT)}" for name in other[:NAMED]) + more for side in (here, there)
    )
    return base, head


def _short(digest: str | None) -> str:
    return ABSENT if digest is None else digest[:12]


def _cpus(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "not pinned"


def _memory(base: Machine, head: Machine) -> tuple[Difference, ...]:
    low, high = sorted((base.memory_bytes, head.memory_bytes))
    if high <= low * (1 + MEMORY_SHARE):
        return ()
    return (Difference("machine.memory_bytes", megabytes(base.memory_bytes), megabytes(head.memory_bytes)),)
