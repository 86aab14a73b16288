"""What limits a stack, as far as one cell shows it. A cause is named on positive evidence only, else it is not known.

Whether requests waited inside the application, or nothing limits the stack, is decided between cells: see
bench/judge/stacks/limits.py.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge.cell import kinds
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.looks import Looks, Process
from bench.judge.cell.problems import server_share
from bench.model.cell import Bottleneck, Cpu, Distribution, Limit, Measurement, Problem, UpstreamServed
from bench.model.config import CORES, Closed, Cores, Load, Scenario, Stack
from bench.model.loads import upstream_waits_s
from bench.units import percent, seconds, significant

CPU_SHARE = 0.90
"""From this share of its usable cores on, the CPU limits the server."""

LOW_CPU_SHARE = 0.80
"""Up to this share, something else than CPU may limit it."""

CORE = (0.9, 1.1)
"""A process that runs Python on one core at a time uses about one core."""

SHARED = 0.1
"""Several threads of a process want to run where those beside its busiest used at least this share of its CPU."""

IDLE_CORES = 0.6
"""A process that uses less has time to read a request."""

MOST_LOOKS = 0.9
HALF_OF_LOOKS = 0.5
READ_SHARE = 0.9
SLOTS_NEAR = 0.15
SERVED_SHARE = 0.9
"""The pool of a client is limited where it never has more calls than this share of the requests in flight."""

SLOTS_SHARE = 0.85
"""Slots that are all taken show less than all of them: a slot is held longer under load than without."""

FEW_FOR_EACH = 2
WORKER_CPU_SHARE = 0.05
WORKER_CORES = 0.002
"""A worker that uses less CPU serves nothing: a process that only watches over others uses about as much."""

IN_FLIGHT_SHARE = 0.9
PAUSED_SHARE = 0.5
"""Where no more of the users have a request in flight, it is their pauses that the load depends on."""

NEAR = 1.15
"""Latency within 15 % is the same latency."""

EVENTS = "epoll_wait"
AT_WORK = frozenset({EVENTS, "running", "unknown"})
LOCKED = "futex"


@dataclass(frozen=True, slots=True)
class _Case:
    """What the rules look at. `server_busy`: the share of its usable cores that the server used."""

    stack: Stack
    scenario: Scenario
    load: Load
    server_cpus: int
    problems: Sequence[Problem]
    in_flight: float
    throughput_rps: float
    latency_s: Distribution | None
    service_time_s: float
    cpu: Cpu
    server_busy: float
    upstream: UpstreamServed
    looks: Looks | None
    load_cpus: int
    companions: Mapping[Cores, Mapping[str, float]]

    @property
    def concurrency(self) -> float:
        """Requests served at the same time, on average (Little's law)."""
        return self.throughput_rps * self.service_time_s

    def seen(self) -> str:
        """The use of the CPU, and what the looks saw of requests, in words."""
        cpu = f"the server used {percent(self.server_busy)} of its cores"
        if self.looks is None:
            concurrency, in_flight = significant(self.concurrency), significant(self.in_flight)
            return f"{concurrency} of {in_flight} requests in flight were served at the same time, and {cpu}"
        queued = percent(self.looks.queued_share)
        return f"{queued} of the looks found a request not accepted or not read, and {cpu}{self.light()}"

    def light(self) -> str:
        """How long the light request took, in words. It decides nothing: in a queue it waits like all others."""
        if self.looks is None or self.looks.light_s is None:
            return ""
        light_s = self.looks.light_s
        took = "was not answered within a second" if math.isnan(light_s) else f"took {seconds(light_s)}"
        return f"; meanwhile GET {self.stack.ready_path} {took}"


_Found = tuple[Limit, str] | None


def slots_rps(stack: Stack, scenario: Scenario) -> float | None:
    """Slots / seconds that a slot is held: the most requests/s that this stack can answer. None: no such limit.

    An upper bound: `hold_s` is the waiting alone, without the work around it.
    """
    return stack.slots / scenario.hold_s if stack.slots is not None and scenario.hold_s > 0 else None


def bottleneck(
    conditions: Conditions, measurement: Measurement, service_time_s: float, looks: Looks | None
) -> Bottleneck:
    """What the slots allow and what limits the stack; `service_time_s`: see `figures.service_time_s`.

    Without looks, as in runs that took none, only CPU, slots and the load's own side can be named. ValueError for a
    measurement that lacks a figure.
    """
    if (
        measurement.cpu is None
        or measurement.upstream is None
        or measurement.in_flight is None
        or measurement.throughput_rps is None
    ):
        raise ValueError("a failed measurement has no bottleneck")
    sides = {one.name: one.cores for one in conditions.companions}
    case = _Case(
        stack=conditions.stack,
        scenario=conditions.scenario,
        load=conditions.load,
        server_cpus=conditions.server_cpus,
        problems=measurement.problems,
        in_flight=measurement.in_flight,
        throughput_rps=measurement.throughput_rps,
        latency_s=measurement.latency_s,
        service_time_s=service_time_s,
        cpu=measurement.cpu,
        server_busy=server_share(measurement.cpu, conditions.stack, conditions.server_cpus),
        upstream=measurement.upstream,
        looks=looks,
        load_cpus=conditions.load_cpus,
        companions={
            side: {one.name: one.cores for one in measurement.companions if sides[one.name] == side} for side in CORES
        },
    )
    found = (
        _failing(case)
        or _alone(case)
        or _disturbed(case)
        or _load_side(case)
        or _companion(case)
        or _gil(case)
        or _server_cpu(case)
        or _event_loop(case)
        or _workers(case)
        or _slots(case)
        or _nothing(case)
    )
    consistent = _application(case) if found is None else None
    seen = "; ".join(words for words in (_paused(case), consistent or case.seen()) if words is not None)
    limit, evidence = found or ("not known", seen)
    return Bottleneck(
        slots_rps(conditions.stack, conditions.scenario),
        service_time_s,
        case.concurrency,
        limit,
        evidence,
        consistent_with=() if consistent is None else ("application",),
    )


def _alone(case: _Case) -> _Found:
    """One user has nobody to wait for."""
    alone = isinstance(case.load, Closed) and case.load.users == 1
    return ("nothing", "the only user never waited for another") if alone else None


def _failing(case: _Case) -> _Found:
    """Nothing can be said of what limits right answers where wrong ones take their place."""
    failed = next((problem for problem in case.problems if problem.name in kinds.SERVICE_FAILED), None)
    return None if failed is None else ("not known", failed.detail)


def _disturbed(case: _Case) -> _Found:
    """Where other programs used the server's cores, or users were lost, CPU and queues are not the server's doing."""
    disturbing = kinds.MACHINES | {kinds.USERS_LOST.name}
    other = next((problem for problem in case.problems if problem.name in disturbing), None)
    return None if other is None else ("not known", other.detail)


def _load_side(case: _Case) -> _Found:
    """Generator or upstream, where a problem shows that it kept the server from more requests."""
    for problem in case.problems:
        if "throughput" not in problem.voids:
            continue
        if problem.name == kinds.LOAD_SIDE_SATURATED.name:
            upstream = case.cpu.upstream_cores > case.cpu.generator_cores
            return "upstream" if upstream else "generator", problem.detail
        if problem.name in kinds.UPSTREAMS:
            return "upstream", problem.detail
        if problem.name in kinds.GENERATORS and not _nearly_all_in_flight(case, problem):
            return "generator", problem.detail
    return None


def _nearly_all_in_flight(case: _Case, problem: Problem) -> bool:
    """Whether idle users are so few that the generator kept no more than a tenth of the requests from the server."""
    users = case.load.users if isinstance(case.load, Closed) else math.inf
    return problem.name == kinds.USERS_IDLE.name and case.in_flight >= IN_FLIGHT_SHARE * users


def _companion(case: _Case) -> _Found:
    """The cores that companions work on are used up, most of them by the companions."""
    shared = case.load_cpus == 1  # by the load generator and the upstream
    load_s = case.cpu.upstream_cores + (case.cpu.generator_cores + case.cpu.sampler_cores if shared else 0.0)
    for own, others, cores in (
        (case.companions["load"], load_s, max(case.load_cpus - 1, 1)),
        (case.companions["server"], case.cpu.server_cores, case.server_cpus),
    ):
        used = sum(own.values())
        if own and used + others >= CPU_SHARE * cores and used >= others:
            each = " and ".join(f"{name} used {used_cores:.2f}" for name, used_cores in own.items())
            core = "the core" if cores == 1 else f"the {cores} cores"
            return (
                "companion",
                f"{each} of {core} that companions work on; all used {used + others:.2f}",
            )
    return None


def _gil(case: _Case) -> _Found:
    """A process that stays at one core although it may use more, and whose threads take turns on it."""
    least, most = CORE
    if case.looks is None or case.server_cpus < 2 or case.cpu.server_cores >= CPU_SHARE * case.server_cpus:
        return None
    for process in case.looks.processes:
        if least <= process.cores <= most and process.shared >= SHARED:
            cores = f"one process used {process.cores:.2f} of {case.server_cpus} cores"
            return "gil", f"{cores}, {percent(process.shared)} of that in other threads than its busiest"
    return None


def _server_cpu(case: _Case) -> _Found:
    if case.server_busy < CPU_SHARE:
        return None
    loop = case.stack.interface == "asgi" and case.stack.workers == 1
    processes = case.looks.processes if case.looks is not None else ()
    busiest = max(processes, key=lambda one: one.cores, default=None)
    what = "event loop" if loop and (busiest is None or busiest.shared < SHARED) else "cores"
    return "server cpu", f"its {what} {percent(case.server_busy)} busy"


def _workers(case: _Case) -> _Found:
    """Workers that take no part, while requests wait outside of the others.

    With few requests in flight some may have none by chance.
    """
    if case.looks is None or case.stack.workers < 2 or case.in_flight < FEW_FOR_EACH * case.stack.workers:
        return None
    if case.looks.queued_share < HALF_OF_LOOKS:
        return None
    share = sum(process.cores for process in case.looks.processes) / case.stack.workers
    least = max(WORKER_CPU_SHARE * share, WORKER_CORES)
    serving = [one for one in case.looks.processes if one.connections or one.cores >= least]
    if len(serving) >= case.stack.workers:
        return None
    count = f"{len(serving)} of its {case.stack.workers} workers served"
    return "workers", f"only {count}: the others had no connection and used no CPU, while requests were waiting"


def _event_loop(case: _Case) -> _Found:
    """In half of the looks a request was not read while the loop's thread waited for something else than events."""
    for process in case.looks.processes if case.looks is not None else ():
        if not _is_loop(case, process) or process.cores >= IDLE_CORES:
            continue
        calls = _blocking(process)
        if len(calls) >= HALF_OF_LOOKS * len(process.main):
            looks = f"in {len(calls)} of {len(process.main)} looks requests were not read"
            waited = f"because the thread of the event loop waited in {_usual(calls)}"
            return "event loop", f"{looks}, {waited}{case.light()}"
    return None


def _is_loop(case: _Case, process: Process) -> bool:
    """Whether the main thread runs an event loop: it was seen to wait for events, or nothing else can run one.

    Nothing else can where no other thread was seen to wait for events, in an ASGI server or in a process of one thread
    that holds several connections. A worker that takes one connection at a time holds one.
    """
    if EVENTS in process.waits:
        return EVENTS in process.main
    alone = len(process.waits) == len(process.main) and process.connections > 1
    return case.stack.interface == "asgi" or alone


def _blocking(process: Process) -> list[str]:
    """What the main thread waited in, at the looks that found a request not read while it waited for no event."""
    return [call for unread, call in zip(process.unread, process.main, strict=False) if unread and call not in AT_WORK]


def _slots(case: _Case) -> _Found:
    """The slots of the stack's table: all taken, each by a request that is served, while others wait outside.

    Without looks: where a request makes one call at a time, as many calls as slots mean that all were taken; though
    perhaps for a moment only, where the server was busy.
    """
    slots = case.stack.slots
    if slots is None or case.in_flight <= slots or case.server_busy > LOW_CPU_SHARE:
        return None
    one_call = sum(call.calls for call in case.scenario.upstream.values()) == 1
    all_called = one_call and case.upstream.peak_in_flight >= slots
    if case.concurrency < SLOTS_SHARE * slots and not all_called:
        return None
    concurrency, in_flight = significant(case.concurrency), significant(case.in_flight)
    if case.looks is None:
        return "slots", f"{concurrency} of {slots} slots served at the same time, {in_flight} requests in flight"
    inside = float(np.median(case.looks.inside))
    if case.looks.queued_share < MOST_LOOKS or abs(inside - slots) > SLOTS_NEAR * slots:
        return None
    queued = f"{percent(case.looks.queued_share)} of the looks found requests not accepted or not read"
    return "slots", f"{significant(inside)} requests were inside its {slots} slots, and {queued}"


def _nothing(case: _Case) -> _Found:
    """No request had to wait: they took no longer than what they wait for."""
    latency_s, hold_s = case.latency_s, case.scenario.hold_s
    if latency_s is None or any("latency" in problem.voids for problem in case.problems):
        return None
    if hold_s > 0 and max(latency_s.p50, latency_s.p95) <= NEAR * hold_s:
        return "nothing", f"P50 and P95 were within {percent(NEAR - 1)} of what a request waits for"
    return None


def _paused(case: _Case) -> str | None:
    """How few users had a request in flight, where those of a locustfile paused for most of the time; else None.

    That no request waited is not shown by it: a lock inside the application is in no queue.
    """
    if case.scenario.client != "locust" or not isinstance(case.load, Closed):
        return None
    if case.looks is None or case.looks.queued_share >= HALF_OF_LOOKS:
        return None
    if case.in_flight > PAUSED_SHARE * case.load.users:
        return None
    return f"{significant(case.in_flight)} of {case.load.users} users had a request in flight, the others paused"


def _application(case: _Case) -> str | None:
    """What was seen, where it is consistent with a limit inside the application; else None.

    The requests were read, the event loop waited for events or the threads for each other, and the CPU was idle.
    """
    if case.looks is None or case.server_busy > LOW_CPU_SHARE or case.looks.read_share < READ_SHARE:
        return None
    inside = [one for one in case.looks.processes if one.connections]
    if not inside or not all(_usual(one.main) == EVENTS or _usual(one.waits) == LOCKED for one in inside):
        return None
    read = f"{percent(case.looks.read_share)} of the requests in flight were read"
    return f"{read}, and the server used {percent(case.server_busy)} of its cores{_pool(case)}{case.light()}"


def _usual(calls: Sequence[str]) -> str | None:
    return Counter(calls).most_common(1)[0][0] if calls else None


def _pool(case: _Case) -> str:
    """How many upstream calls there were at most, where that is a plateau."""
    peak, waits_s = case.upstream.peak_in_flight, upstream_waits_s(case.scenario.upstream)
    if not waits_s or peak > SERVED_SHARE * case.in_flight * waits_s / max(case.scenario.hold_s, 1e-9):
        return ""
    if case.throughput_rps * waits_s < SLOTS_SHARE * peak:
        return ""
    most = f"; never more than {peak} upstream calls at the same time, with {significant(case.in_flight)} in flight"
    return most + (": one at a time, by a lock or a pool of 1" if peak == 1 else f": a pool of {peak}")
