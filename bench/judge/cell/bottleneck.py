"""Why a stack stops where it stops: what its slots allow, what was being served at a time, and what binds."""

from collections.abc import Sequence

from bench.judge.cell.problems import BEHIND, SERVER_CORE_SHARE, SERVICE_FAILED
from bench.model.cell import Bound, Ceiling, Cpu, Problem, UpstreamServed
from bench.model.config import Load, Open, Scenario, Stack
from bench.model.loads import upstream_waits_s
from bench.units import percent, significant

SERVED_SHARE = 0.9
"""Where so much of what is under way is being served, nothing queues: only a higher load would get more."""

SLOTS_SHARE = 0.85
"""Slots that are all taken show less than all of them: a slot is held longer under load than it was without."""

QUEUED = 0.5
"""Fewer requests that wait, on average, are no queue: the shortest time is not the usual one either."""

BUSY_SHARE = 0.85
IDLE_CORES = 0.6
"""Where the server uses less, not one of its processes can be near the end of a core."""

GENERATOR_IDLE_CORES = 0.5
"""Where the generator uses more, what seems to wait for the server may wait for it."""

ONE_AT_A_TIME = 1.5
"""A first request that was slow of itself makes one at a time look like a little more."""

UNNAMED = "a pool, semaphore or limiter that its table does not name"
GENERATOR_PROBLEMS = frozenset({"generator late", "generator stalled", "arrivals not sent", "users idle"})


def slots_rps(stack: Stack, scenario: Scenario) -> float | None:
    """Slots / seconds a slot is held: the most requests/s that this stack can answer. None: no such limit.

    An upper bound: `hold_s` is the waiting alone, without the work around it.
    """
    return stack.slots / scenario.hold_s if stack.slots is not None and scenario.hold_s > 0 else None


def ceiling(
    stack: Stack,
    scenario: Scenario,
    load: Load,
    *,
    in_flight: float,
    throughput_rps: float,
    held_s: float,
    cpu: Cpu,
    server_busy: float,
    upstream: UpstreamServed,
    problems: Sequence[Problem],
) -> Ceiling:
    """What the slots allow and what binds, from what was seen.

    `in_flight`: requests under way on average; `held_s`: seconds for which one is served; `server_busy`: the share of
    its cores that the server kept busy.
    """
    at_once = throughput_rps * held_s
    bound, why = (
        _cpu(stack, server_busy, SERVER_CORE_SHARE)
        or _failing(problems)
        or _load_side(cpu, [problem for problem in problems if "throughput" in problem.voids])
        or _slots(stack, scenario, in_flight, at_once, server_busy, upstream)
        or _load(load, in_flight, at_once, problems)
        or _cpu(stack, server_busy, BUSY_SHARE)
        or _few_calls(stack, scenario, in_flight, throughput_rps, at_once, cpu, upstream)
        or _load_side(cpu, problems)
        or _few_requests(stack, scenario, in_flight, at_once, cpu, server_busy)
        or ("nothing", f"{_served(at_once, in_flight)}, and the server was {percent(server_busy)} busy")
    )
    return Ceiling(slots_rps(stack, scenario), held_s, at_once, bound, why)


_Found = tuple[Bound, str] | None


def _served(at_once: float, in_flight: float) -> str:
    return f"{significant(at_once)} of {significant(in_flight)} requests under way were served at a time"


def _cpu(stack: Stack, server_busy: float, limit: float) -> _Found:
    if server_busy < limit:
        return None
    what = "event loop" if stack.interface == "asgi" and stack.workers == 1 else "cores"
    return "server cpu", f"its {what} {percent(server_busy)} busy"


def _failing(problems: Sequence[Problem]) -> _Found:
    """Nothing can be said of what limits right answers where wrong ones take their place."""
    failed = next((problem for problem in problems if problem.name in SERVICE_FAILED), None)
    return None if failed is None else ("nothing", failed.detail)


def _load_side(cpu: Cpu, problems: Sequence[Problem]) -> _Found:
    """Generator or upstream, where a problem says that one of them was at its end."""
    for problem in problems:
        if problem.name == "load side saturated":
            return "upstream" if cpu.upstream_cores > cpu.generator_cores else "generator", problem.detail
        if problem.name == "upstream late":
            return "upstream", problem.detail
        if problem.name in GENERATOR_PROBLEMS:
            return "generator", problem.detail
    return None


def _load(load: Load, in_flight: float, at_once: float, problems: Sequence[Problem]) -> _Found:
    """Nothing binds: all that is under way is being served, or all that arrives is answered."""
    answered = isinstance(load, Open) and not any(problem.name in BEHIND for problem in problems)
    if answered or at_once >= SERVED_SHARE * in_flight or in_flight - at_once < QUEUED:
        return "nothing", _served(at_once, in_flight)
    return None


def _slots(
    stack: Stack, scenario: Scenario, in_flight: float, at_once: float, server_busy: float, upstream: UpstreamServed
) -> _Found:
    """The slots of the stack's table, where there were more requests than slots, and all of them were taken.

    The upstream tells too: where a request makes one call at a time, as many calls as slots mean that all were taken;
    though only for a moment, perhaps, where the server was busy.
    """
    if stack.slots is None or in_flight <= stack.slots:
        return None
    one_call = sum(call.calls for call in scenario.upstream.values()) == 1
    if at_once < SLOTS_SHARE * stack.slots and not (
        one_call and upstream.peak_in_flight >= stack.slots and server_busy < BUSY_SHARE
    ):
        return None
    return (
        "slots",
        f"{significant(at_once)} of {stack.slots} slots served at a time, {significant(in_flight)} under way",
    )


def _few_calls(
    stack: Stack,
    scenario: Scenario,
    in_flight: float,
    throughput_rps: float,
    at_once: float,
    cpu: Cpu,
    upstream: UpstreamServed,
) -> _Found:
    """A limit that the stack's table does not name: so many calls of the upstream at a time, always, and no more."""
    peak = upstream.peak_in_flight
    waits_s = upstream_waits_s(scenario.upstream)
    if not waits_s or peak > SERVED_SHARE * in_flight * waits_s / max(scenario.hold_s, 1e-9):
        return None
    seen = f"calls of the upstream at a time: never more than {peak}, {significant(in_flight)} requests under way"
    if throughput_rps * waits_s >= SLOTS_SHARE * peak:
        found = _waiting(stack, float(peak), cpu, seen)
        return found or ("client pool", f"{seen}: the pool of its client, or a lock around it")
    # Calls that one request makes side by side do not end together: then not calls but requests may be limited.
    requests = peak / sum(call.calls for call in scenario.upstream.values())
    if at_once < SLOTS_SHARE * requests:
        return None
    return _waiting(stack, requests, cpu, seen) or ("slots", f"{seen}: {UNNAMED}")


def _few_requests(
    stack: Stack, scenario: Scenario, in_flight: float, at_once: float, cpu: Cpu, server_busy: float
) -> _Found:
    """A limit that the stack's table does not name, seen without an upstream: many wait, and nobody is busy.

    What waits while others compute waits for the CPU, even where all come at once and then all sleep.
    """
    idle = cpu.server_cores < IDLE_CORES and cpu.generator_cores < GENERATOR_IDLE_CORES
    if scenario.upstream or not idle or at_once >= (SERVED_SHARE - server_busy) * in_flight:
        return None
    seen = f"{_served(at_once, in_flight)}, and the server was {percent(server_busy)} busy"
    return _waiting(stack, at_once, cpu, seen) or ("slots", f"{seen}: {UNNAMED}")


def _waiting(stack: Stack, limit: float, cpu: Cpu, seen: str) -> _Found:
    """What lets `limit` requests through at a time, where that can be told from outside."""
    if stack.interface == "asgi" and limit <= ONE_AT_A_TIME * stack.workers:
        return "event loop", f"{seen}: something blocks the event loop while it waits, or lets one through at a time"
    if stack.slots is None and limit <= cpu.server_threads <= 1.5 * limit + 10:
        return "slots", f"{seen}, by {cpu.server_threads} threads: a limit on threads"
    return None
