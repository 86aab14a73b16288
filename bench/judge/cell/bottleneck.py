"""What limits a stack: what its slots allow, how many requests it served at the same time, and what was exhausted."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.judge.cell import kinds
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.problems import SERVER_CORE_SHARE, server_share
from bench.model.cell import Bottleneck, Cpu, Limit, Measurement, Problem, UpstreamServed
from bench.model.config import Load, Open, Scenario, Stack
from bench.model.loads import upstream_waits_s
from bench.units import percent, significant

SERVED_SHARE = 0.9
"""Where so much of what is in flight is being served, nothing queues: only a higher load would get more."""

SLOTS_SHARE = 0.85
"""Slots that are all taken show less than all of them: a slot is held longer under load than without."""

QUEUED = 0.5
"""Fewer requests that wait, on average, are no queue: the shortest time is not the usual one either."""

BUSY_SHARE = 0.85
IDLE_CORES = 0.6
"""Where the server uses less, none of its processes can be near the end of a core."""

GENERATOR_IDLE_CORES = 0.5
"""Where the generator uses more, what seems to wait for the server may wait for the generator."""

ONE_AT_A_TIME = 1.5
"""A first request that was slow makes a concurrency of one look a little higher."""

UNNAMED = "a pool, semaphore or limiter that the stack's table does not name"


@dataclass(frozen=True, slots=True)
class _Case:
    """What the rules look at. `server_busy`: the share of its usable cores that the server used."""

    stack: Stack
    scenario: Scenario
    load: Load
    problems: Sequence[Problem]
    in_flight: float
    throughput_rps: float
    service_time_s: float
    cpu: Cpu
    server_busy: float
    upstream: UpstreamServed

    @property
    def concurrency(self) -> float:
        """Requests served at the same time, on average (Little's law)."""
        return self.throughput_rps * self.service_time_s

    def served(self) -> str:
        """The concurrency beside the requests in flight, in words."""
        concurrency, in_flight = significant(self.concurrency), significant(self.in_flight)
        return f"{concurrency} of {in_flight} requests in flight were served at the same time"


_Found = tuple[Limit, str] | None


def slots_rps(stack: Stack, scenario: Scenario) -> float | None:
    """Slots / seconds that a slot is held: the most requests/s that this stack can answer. None: no such limit.

    An upper bound: `hold_s` is the waiting alone, without the work around it.
    """
    return stack.slots / scenario.hold_s if stack.slots is not None and scenario.hold_s > 0 else None


def bottleneck(conditions: Conditions, measurement: Measurement, service_time_s: float) -> Bottleneck:
    """What the slots allow and what limits the stack; `service_time_s`: see `figures.service_time_s`.

    ValueError for a measurement that lacks a figure.
    """
    if (
        measurement.cpu is None
        or measurement.upstream is None
        or measurement.in_flight is None
        or measurement.throughput_rps is None
    ):
        raise ValueError("a failed measurement has no bottleneck")
    case = _Case(
        stack=conditions.stack,
        scenario=conditions.scenario,
        load=conditions.load,
        problems=measurement.problems,
        in_flight=measurement.in_flight,
        throughput_rps=measurement.throughput_rps,
        service_time_s=service_time_s,
        cpu=measurement.cpu,
        server_busy=server_share(measurement.cpu, conditions.stack, conditions.server_cpus),
        upstream=measurement.upstream,
    )
    limit, evidence = (
        _server_cpu(case, SERVER_CORE_SHARE)
        or _failing(case)
        or _load_side(case, [problem for problem in case.problems if "throughput" in problem.voids])
        or _slots(case)
        or _load(case)
        or _server_cpu(case, BUSY_SHARE)
        or _few_calls(case)
        or _load_side(case, case.problems)
        or _few_requests(case)
        or ("nothing", f"{case.served()}, and the server used {percent(case.server_busy)} of its cores")
    )
    return Bottleneck(
        slots_rps(conditions.stack, conditions.scenario), service_time_s, case.concurrency, limit, evidence
    )


def _server_cpu(case: _Case, least: float) -> _Found:
    if case.server_busy < least:
        return None
    what = "event loop" if case.stack.interface == "asgi" and case.stack.workers == 1 else "cores"
    return "server cpu", f"its {what} {percent(case.server_busy)} busy"


def _failing(case: _Case) -> _Found:
    """Nothing can be said of what limits right answers where wrong ones take their place."""
    failed = next((problem for problem in case.problems if problem.name in kinds.SERVICE_FAILED), None)
    return None if failed is None else ("nothing", failed.detail)


def _load_side(case: _Case, problems: Sequence[Problem]) -> _Found:
    """Generator or upstream, where a problem shows that one of them was at its limit."""
    for problem in problems:
        if problem.name == kinds.LOAD_SIDE_SATURATED.name:
            upstream = case.cpu.upstream_cores > case.cpu.generator_cores
            return "upstream" if upstream else "generator", problem.detail
        if problem.name in kinds.UPSTREAMS:
            return "upstream", problem.detail
        if problem.name in kinds.GENERATORS:
            return "generator", problem.detail
    return None


def _load(case: _Case) -> _Found:
    """Nothing limits it: all that is in flight is being served, or all that arrives is answered."""
    answered = isinstance(case.load, Open) and not any(one.name in kinds.FALLS_BEHIND for one in case.problems)
    served = case.concurrency >= SERVED_SHARE * case.in_flight or case.in_flight - case.concurrency < QUEUED
    return ("nothing", case.served()) if answered or served else None


def _slots(case: _Case) -> _Found:
    """The slots of the stack's table, where there were more requests than slots, and all slots were taken.

    The upstream shows it too: where a request makes one call at a time, as many calls as slots mean that all were
    taken; though perhaps for a moment only, where the server was busy.
    """
    if case.stack.slots is None or case.in_flight <= case.stack.slots:
        return None
    one_call = sum(call.calls for call in case.scenario.upstream.values()) == 1
    all_called = one_call and case.upstream.peak_in_flight >= case.stack.slots and case.server_busy < BUSY_SHARE
    if case.concurrency < SLOTS_SHARE * case.stack.slots and not all_called:
        return None
    concurrency, in_flight = significant(case.concurrency), significant(case.in_flight)
    return "slots", f"{concurrency} of {case.stack.slots} slots served at the same time, {in_flight} requests in flight"


def _few_calls(case: _Case) -> _Found:
    """A limit that the stack's table does not name: never more than so many upstream calls at the same time."""
    peak, waits_s = case.upstream.peak_in_flight, upstream_waits_s(case.scenario.upstream)
    if not waits_s or peak > SERVED_SHARE * case.in_flight * waits_s / max(case.scenario.hold_s, 1e-9):
        return None
    seen = (
        f"never more than {peak} upstream calls at the same time, with {significant(case.in_flight)} requests in flight"
    )
    if case.throughput_rps * waits_s >= SLOTS_SHARE * peak:
        found = _one_at_a_time(case, float(peak), seen)
        return found or ("client pool", f"{seen}: the HTTP client's connection pool, or a lock around it")
    # Calls that one request makes in parallel do not end together: then requests may be limited rather than calls.
    requests = peak / sum(call.calls for call in case.scenario.upstream.values())
    if case.concurrency < SLOTS_SHARE * requests:
        return None
    return _one_at_a_time(case, requests, seen) or ("slots", f"{seen}: {UNNAMED}")


def _few_requests(case: _Case) -> _Found:
    """A limit that the stack's table does not name, found without an upstream: many wait, and nothing is busy.

    What waits while others compute waits for the CPU, even where all come at once and then all sleep.
    """
    idle = case.cpu.server_cores < IDLE_CORES and case.cpu.generator_cores < GENERATOR_IDLE_CORES
    if case.scenario.upstream or not idle or case.concurrency >= (SERVED_SHARE - case.server_busy) * case.in_flight:
        return None
    seen = f"{case.served()}, and the server used {percent(case.server_busy)} of its cores"
    return _one_at_a_time(case, case.concurrency, seen) or ("slots", f"{seen}: {UNNAMED}")


def _one_at_a_time(case: _Case, limit: float, seen: str) -> _Found:
    """What lets `limit` requests through at the same time, where that can be seen from outside."""
    if case.stack.interface == "asgi" and limit <= ONE_AT_A_TIME * case.stack.workers:
        why = "something blocks the event loop while it waits, or lets one request through at a time"
        return "event loop", f"{seen}: {why}"
    if case.stack.slots is None and limit <= case.cpu.server_threads <= 1.5 * limit + 10:
        return "slots", f"{seen}, by {case.cpu.server_threads} threads: a limit on threads"
    return None
