"""Why a stack stops where it stops: what its slots allow, what was being served at a time, and what binds."""

from collections.abc import Sequence

from bench.judge.validity import SERVER_CORE_SHARE, SERVICE_FAILED
from bench.loads import upstream_waits_s
from bench.model import Bound, Ceiling, Cpu, Problem, Scenario, Stack, UpstreamServed
from bench.units import percent, significant

SERVED_SHARE = 0.9
"""Where so much of what is under way is being served, nothing queues: only a higher load would get more."""

SLOTS_SHARE = 0.85
"""Slots that are all taken show less than all of them: a slot is held longer under load than it was without."""

BUSY_SHARE = 0.85
IDLE_SHARE = 0.6
GENERATOR_PROBLEMS = frozenset({"generator late", "generator stalled", "arrivals not sent", "users idle"})


def slots_rps(stack: Stack, scenario: Scenario) -> float | None:
    """Slots / seconds a slot is held: the most requests/s that this stack can answer. None: no such limit.

    An upper bound: `hold_s` is the waiting alone, without the work around it.
    """
    return stack.slots / scenario.hold_s if stack.slots is not None and scenario.hold_s > 0 else None


def ceiling(
    stack: Stack,
    scenario: Scenario,
    *,
    in_flight: float,
    throughput_rps: float,
    unloaded_s: float,
    cpu: Cpu,
    server_busy: float,
    upstream: UpstreamServed,
    problems: Sequence[Problem],
) -> Ceiling:
    """What the slots allow and what binds, from what was seen.

    `in_flight`: requests under way on average; `unloaded_s`: the shortest time that a request took, which with
    `hold_s` says for how long it is served; `server_busy`: the share of its cores that the server kept busy.
    """
    held_s = max(scenario.hold_s, unloaded_s)
    at_once = throughput_rps * held_s
    bound, why = (
        _cpu(stack, server_busy, SERVER_CORE_SHARE)
        or _failing(problems)
        or _load_side(cpu, problems)
        or _load(in_flight, at_once)
        or _slots(stack, in_flight, at_once)
        or _cpu(stack, server_busy, BUSY_SHARE)
        or _unnamed(stack, scenario, in_flight, throughput_rps, at_once, cpu, server_busy, upstream)
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


def _load(in_flight: float, at_once: float) -> _Found:
    """Nothing binds: all that is under way is being served."""
    return ("nothing", _served(at_once, in_flight)) if at_once >= SERVED_SHARE * in_flight else None


def _slots(stack: Stack, in_flight: float, at_once: float) -> _Found:
    """The slots of the stack's table, where there were more requests than slots."""
    if stack.slots is None or in_flight <= stack.slots or at_once < SLOTS_SHARE * stack.slots:
        return None
    return (
        "slots",
        f"{significant(at_once)} of {stack.slots} slots served at a time, {significant(in_flight)} under way",
    )


def _unnamed(
    stack: Stack,
    scenario: Scenario,
    in_flight: float,
    throughput_rps: float,
    at_once: float,
    cpu: Cpu,
    server_busy: float,
    upstream: UpstreamServed,
) -> _Found:
    """A limit that the stack's table does not name: it serves so many at a time, always, and no more."""
    if scenario.upstream:
        waits_s = upstream_waits_s(scenario.upstream)
        wanted, limit = in_flight * waits_s / max(scenario.hold_s, 1e-9), float(upstream.peak_in_flight)
        if limit > SERVED_SHARE * wanted or throughput_rps * waits_s < SLOTS_SHARE * limit:
            return None
        calls = f"never more than {significant(limit)} calls of the upstream at a time"
        seen = f"{calls}, {significant(in_flight)} requests under way"
    elif server_busy < IDLE_SHARE:
        limit = at_once
        seen = f"{_served(at_once, in_flight)}, and the server was {percent(server_busy)} busy"
    else:
        return None
    if stack.interface == "asgi" and limit <= 1.25 * stack.workers:
        return "event loop", f"{seen}: something blocks the event loop while it waits"
    if limit <= cpu.server_threads <= 1.5 * limit + 10:
        return "slots", f"{seen}, by {cpu.server_threads} threads: a limit on threads"
    if scenario.upstream:
        return "client pool", f"{seen}: the pool of its client"
    return "slots", f"{seen}: a pool, semaphore or limiter that its table does not name"
