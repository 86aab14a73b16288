"""The rules: each a pure function that returns a problem of one kind, or None. The kinds are in kinds.py."""

import math
from collections.abc import Mapping, Sequence

from bench.judge.cell import kinds
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.figures import DROPPED, NO_PORT, UNSENT, backlog_growth, mean_in_flight, scheduled_in, sent
from bench.judge.cell.growth import MemoryGrowth
from bench.judge.cell.processes import Replaced
from bench.model.cell import (
    AttachedService,
    Circumstances,
    Cpu,
    Distribution,
    LocustUsers,
    Neighbour,
    Outcome,
    Problem,
    Requests,
    UpstreamServed,
    Window,
)
from bench.model.config import Closed, Load, Open, Scenario, Stack
from bench.model.samples import Samples
from bench.units import megabytes, memory, percent, seconds

ERROR_SHARE = 0.01
LOAD_CORE_SHARE = 0.80
SERVER_CORE_SHARE = 0.95
IN_FLIGHT_SHARE = 0.98
UPSTREAM_DELAY_ERROR_S = 0.005
SEND_DELAY_S = 0.005
SEND_DELAY_SHARE = 0.02
SENT_SHARE = 0.99
CAP_SHARE = 0.5
NEVER_EMPTY = 10.4
"""A window with so many Poisson arrivals on average has none at all once in 30 000 windows."""
WINDOW_P95S = 3.0
BACKLOG_SHARE = 0.05
OTHER_SERVER_SHARE = 0.03
OTHER_LOAD_SHARE = 0.10
OTHER_SPREADS = 3.0
DISTURBED_SHARE = 0.10
OTHER_LEAST_S = 2.0
HEAVY_SHARE = 0.3
"""A process is named as the heaviest where it used this share of what all other programs did."""
TIMEOUT_SHARE = 0.05


def service_errors(requests: Requests, timeout_s: float) -> Problem | None:
    """The service failed on more than 1 % of the requests: a finding about it, which leaves no latency to rank.

    Nor CPU per request, because failing is cheap. Beyond 5 %, a failed request, which counts at the timeout, is the
    P95.
    """
    total = requests.ok + requests.errors + requests.timeouts
    failed = requests.errors + requests.timeouts
    if failed <= ERROR_SHARE * total:
        return None
    errors = ", ".join(f"{number} x {name}" for name, number in requests.by_error.items())
    detail = f"{percent(failed / total)} of the requests failed: {errors}"
    if failed > TIMEOUT_SHARE * total:
        detail += f"; P95 is at least the timeout ({seconds(timeout_s)})"
    return kinds.SERVICE_ERRORS.found(detail)


def nothing_served(requests: Requests, load: Load) -> Problem | None:
    """No request scheduled in the window got a right answer, so there is nothing to measure.

    Where the service was sent no request at all, because none was due or no port was free, that is not its doing.
    """
    sending = isinstance(load, Closed) and not requests.unsent
    asked = sending or requests.errors + requests.timeouts + requests.dropped
    if requests.ok or not asked:
        return None
    return kinds.NOTHING_SERVED.found("no request in the window got a right answer")


def server_share(cpu: Cpu, stack: Stack, server_cpus: int) -> float:
    """The share that the server used of the cores that it can use: a Python process fills one core at most.

    What the hypervisor took of a core was not there to be used.
    """
    usable = min(server_cpus, stack.workers)
    given = max(1.0 - (cpu.server_steal or 0.0), 0.01)
    return min(cpu.server_cores / given / (usable if cpu.server_cores <= usable * 1.05 else server_cpus), 1.0)


def load_core(cpu: Cpu, load_cpus: int, server_busy: float, companions: Mapping[str, float]) -> Problem | None:
    """Load generator or upstream came near the end of its core, so the harness measured itself.

    With one core they share it, also with `companions` (cores that each used on the load's side); with more the
    generator has its own. A server that uses 95 % of its cores is at its limit whatever the generator does, and a
    companion belongs to what is measured: then throughput is reliable.
    """
    together = cpu.generator_cores + cpu.upstream_cores
    share = cpu.sampler_cores + (together if load_cpus == 1 else max(cpu.generator_cores, cpu.upstream_cores))
    beside = sum(companions.values()) if load_cpus == 1 else 0.0
    if share + beside <= LOAD_CORE_SHARE:
        return None
    named = "load generator and upstream"
    if beside:
        *others, last = companions
        named = f"{', '.join(['load generator', 'upstream', *others])} and {last}, which share it,"
    detail = f"{named} used {percent(share + beside)} of a core (limit {percent(LOAD_CORE_SHARE)})"
    stands = server_busy >= SERVER_CORE_SHARE or share <= LOAD_CORE_SHARE
    return kinds.LOAD_SIDE_SATURATED.found(detail, full_cpu=stands)


def other_programs(
    cpu: Cpu, window: Window, conditions: Conditions, neighbours: Sequence[Neighbour], delay_s: float | None
) -> Problem | None:
    """Programs that are no part of the measurement ran on the server's cores or the load's.

    The limit for the server's cores is 3 %, or three times what the selftest read while nothing else ran: a core that
    wakes up often seems to be used a little more than it is. Windows under 2 s are not judged, because the kernel
    accounts idle time in steps of 10 ms. `delay_s`: seconds per second for which the server's threads were ready to run
    and had no core; None where it is not known. A service that ran already is not pinned, and shares its cores with
    whatever else runs there.
    """
    if window.end_s - window.start_s < OTHER_LEAST_S or conditions.stack.url is not None:
        return None
    spread = OTHER_SPREADS * conditions.other_spread
    for share, limit, whose, on_server in (
        (cpu.server_other, min(max(OTHER_SERVER_SHARE, spread), OTHER_LOAD_SHARE), "the server's cores", True),
        (cpu.load_other, OTHER_LOAD_SHARE, "the load's cores", False),
    ):
        if share is None or share <= limit:
            continue
        cores = conditions.server_cpus if on_server else conditions.load_cpus
        used_s = share * cores * (window.end_s - window.start_s)
        heaviest = next((one for one in neighbours if one.on_server == on_server), None)
        named = "short-lived, or not visible from here"
        if heaviest is not None and heaviest.cpu_s >= HEAVY_SHARE * used_s:
            named = f"{heaviest.name} (process {heaviest.pid}) used {seconds(heaviest.cpu_s)} of CPU"
        detail = f"other programs used {percent(share)} of {whose} (limit {percent(limit)}): {named}"
        if on_server and delay_s is not None:
            detail += f"; the server's threads waited {seconds(delay_s)} per second for a core"
        return kinds.OTHER_PROGRAMS.found(detail)
    return None


def disturbed_share(cpu: Cpu) -> float | None:
    """The share of the server's cores that the hypervisor and other programs took; None where neither is known."""
    shares = [share for share in (cpu.server_steal, cpu.server_other) if share is not None]
    return max(sum(shares), 0.0) if shares else None


def disturbed(cpu: Cpu) -> Problem | None:
    """The hypervisor or other programs took much of the server's cores in one slice of an A/B."""
    share = disturbed_share(cpu)
    if share is None or share <= DISTURBED_SHARE:
        return None
    took = f"the hypervisor and other programs took {percent(share)} of the server's cores"
    return kinds.OTHER_PROGRAMS.found(f"{took} (limit {percent(DISTURBED_SHARE)})")


def send_delay_limit_s(service_s: Distribution | None) -> float:
    """How late the generator may be at P99: the larger of 5 ms and 2 % of the median service time.

    Not of the median latency, which includes the delay itself and the timeouts of failed requests.
    """
    return max(SEND_DELAY_S, SEND_DELAY_SHARE * service_s.p50 if service_s is not None else 0.0)


def send_delay(send_delay_s: Distribution | None, service_s: Distribution | None) -> Problem | None:
    """The generator sent requests late, so part of the latency is its own."""
    limit_s = send_delay_limit_s(service_s)
    if send_delay_s is None or send_delay_s.p99 <= limit_s:
        return None
    detail = f"requests were sent {seconds(send_delay_s.p99)} late at P99 (limit {seconds(limit_s)})"
    return kinds.GENERATOR_LATE.found(detail)


def timer_lag(timer_lag_s: Distribution | None, service_s: Distribution | None) -> Problem | None:
    """The generator's event loop stalled, so it noticed late what happened meanwhile."""
    limit_s = send_delay_limit_s(service_s)
    if timer_lag_s is None or timer_lag_s.p99 <= limit_s:
        return None
    detail = f"the load generator's timer lagged by {seconds(timer_lag_s.p99)} at P99 (limit {seconds(limit_s)})"
    return kinds.GENERATOR_STALLED.found(detail)


def dropped(samples: Samples, window: Window, load: Open) -> Problem | None:
    """Arrivals found the limit of requests in flight reached: how long they would have waited is not known."""
    inside = scheduled_in(samples, window)
    count = int((inside & (samples.status == DROPPED)).sum())
    if not count:
        return None
    share = percent(count / int(inside.sum()))
    detail = f"{share} of the arrivals were dropped, because {load.max_in_flight} requests were in flight already"
    return kinds.ARRIVALS_DROPPED.found(detail)


def unsent(samples: Samples, window: Window, load: Open, send_delay_s: Distribution | None) -> Problem | None:
    """Under 99 % of the schedule was sent: the generator could not offer the planned rate.

    A dropped arrival is the server's doing and counts as sent, unless the generator was so late that its arrears
    filled half of the limit of requests in flight: then it sends in bursts and reads answers too late, which drops
    arrivals by itself. For evenly spaced arrivals it is known how many belong in the window, give or take the one at
    its edge; for Poisson arrivals, how many at least (all but one window in 30 000 have more than the mean less four
    standard deviations).
    """
    inside = scheduled_in(samples, window)
    late = send_delay_s is not None and send_delay_s.p99 * load.rate_rps >= CAP_SHARE * load.max_in_flight
    went = int((inside & (sent(samples) if late else samples.status != UNSENT)).sum())
    mean = load.rate_rps * (window.end_s - window.start_s)
    least = mean - 1 if load.arrivals == "fixed" else max(mean - 4 * math.sqrt(mean), float(mean >= NEVER_EMPTY))
    due = max(int(inside.sum()), int(least))
    if went >= SENT_SHARE * due:
        return None
    detail = f"the load generator sent {went} of {due} scheduled requests (limit {percent(SENT_SHARE)})"
    return kinds.ARRIVALS_NOT_SENT.found(detail)


def no_port(samples: Samples, window: Window) -> Problem | None:
    """Requests found no free port to connect from: this machine could not open as many connections as were wanted."""
    inside = scheduled_in(samples, window)
    count = int((inside & (samples.status == NO_PORT)).sum())
    if not count:
        return None
    detail = (
        f"{count} of {int(inside.sum())} requests found no free port to connect from: a closed connection blocks its "
        f"port for a minute; use a lower load, or let the service keep connections alive"
    )
    return kinds.PORTS_EXHAUSTED.found(detail)


def unanswered(window: Window, load: Closed) -> Problem | None:
    """Some users had no answer yet when the window began, twice the warm-up or more after the start."""
    missing = load.users - window.answered
    if missing <= 0:
        return None
    return kinds.USERS_UNANSWERED.found(f"{missing} of {load.users} users had no answer by the end of the warm-up")


def users_lost(users: LocustUsers | None) -> Problem | None:
    """Users of a locustfile ended, raised exceptions or were killed, so the load was not what it says."""
    return kinds.USERS_LOST.found("; ".join(users.faults)) if users is not None and users.faults else None


def in_flight(samples: Samples, window: Window, load: Closed, server_busy: float) -> Problem | None:
    """Some users had no request in flight for part of the time, though no user pauses between two requests.

    A server that uses 95 % of its cores serves no more with all of them in flight: then throughput is reliable.
    """
    mean = mean_in_flight(samples, window)
    if mean >= IN_FLIGHT_SHARE * load.users:
        return None
    detail = (
        f"{mean:.1f} of {load.users} users had a request in flight on average (limit {percent(IN_FLIGHT_SHARE)}): "
        f"with more users the load generator's own time weighs less"
    )
    return kinds.USERS_IDLE.found(detail, full_cpu=server_busy >= SERVER_CORE_SHARE)


def upstream_hits(served: UpstreamServed, samples: Samples, scenario: Scenario) -> Problem | None:
    """The service did not make each of the upstream calls that a request needs: it cached, retried or skipped some.

    The light request of the looks is in no sample, and its path may call the upstream as well. Which requests of a
    locustfile call it is not known.
    """
    if scenario.client == "locust":
        return None
    ok, asked = int((samples.status > 0).sum()), int(sent(samples).sum())
    light = int(len(samples.look_light_s) > 0 and not samples.look_light_s[-1] < 0)
    for route, call in scenario.upstream.items():
        hits = served.hits.get(route, 0)
        most = (asked + light) * call.calls
        if not ok * call.calls <= hits <= most:
            wanted = f"{ok * call.calls} to {most}"
            detail = f"the upstream counted {hits} calls of {route}; {wanted} were expected"
            return kinds.UPSTREAM_CALLS.found(detail)
    return None


def upstream_delay(served: UpstreamServed) -> Problem | None:
    """The upstream answered too early or too late, so part of the latency is its own."""
    error_s = served.delay_error_s.get("p99")
    if error_s is None or error_s <= UPSTREAM_DELAY_ERROR_S:
        return None
    detail = f"the upstream's delays were off by {seconds(error_s)} at P99 (limit {seconds(UPSTREAM_DELAY_ERROR_S)})"
    return kinds.UPSTREAM_LATE.found(detail)


def unsteady(latency_s: Distribution | None, window: Window, conditions: Conditions) -> Problem | None:
    """The window, grown to its limit, does not span three P95: too few generations of requests to call it steady.

    A P95 at the timeout comes from failures, which are a problem of their own.
    """
    length_s = window.end_s - window.start_s
    if latency_s is None or length_s >= WINDOW_P95S * latency_s.p95 or latency_s.p95 >= conditions.scenario.timeout_s:
        return None
    detail = f"the window of {seconds(length_s)} is shorter than {WINDOW_P95S:g} x P95 ({seconds(latency_s.p95)})"
    users, slots = conditions.load.users if isinstance(conditions.load, Closed) else 0, conditions.stack.slots
    predicted_s = users * conditions.scenario.hold_s / slots if slots else 0.0
    if length_s < WINDOW_P95S * predicted_s:
        detail += f"; saturated, predicted {seconds(predicted_s)}"
    return kinds.UNSTEADY.found(detail)


def cores_shared(circumstances: Circumstances) -> Problem | None:
    """Another run measured on the same cores meanwhile, so each took time from the other."""
    return kinds.CORES_SHARED.found(circumstances.other_run) if circumstances.other_run is not None else None


def process_not_known(attached: AttachedService | None) -> Problem | None:
    """The service ran already, and which process it is could not be found out, so what it used is not known."""
    if attached is None or attached.pid is not None:
        return None
    return kinds.PROCESS_NOT_KNOWN.found("which process the service is could not be found out: name it with --pid")


def workers_not_ready(circumstances: Circumstances, number: int) -> Problem | None:
    """Server `number` had workers that did not wait for requests when the load began, as far as could be seen.

    It may have served with the others alone; or they wait in a way that is not known here.
    """
    said = circumstances.unready[number] if number < len(circumstances.unready) else None
    return kinds.WORKERS_NOT_READY.found(said) if said is not None else None


def falling_behind(
    samples: Samples, window: Window, load: Open, scenario: Scenario, service_time_s: float
) -> Problem | None:
    """More requests arrived than were answered, so latency grows for as long as the load lasts.

    The number in flight varies by itself: by one with the phase of evenly spaced arrivals; where arrivals or delays
    are random with the variance of its mean, and the difference of two moments with twice that. `service_time_s`:
    seconds that one request takes when no other is in its way.
    """
    growth = backlog_growth(samples, window)
    arrived = int(scheduled_in(samples, window).sum())
    by_chance = load.arrivals == "poisson" or any(call.sigma for call in scenario.upstream.values())
    chance = 2 * math.sqrt(2 * load.rate_rps * service_time_s) if by_chance else 0.0
    if growth <= max(BACKLOG_SHARE * arrived, 1) + chance:
        return None
    detail = f"the queue grew by {growth} of the {arrived} requests that arrived: no latency is typical of this load"
    return kinds.FALLING_BEHIND.found(detail)


def memory_grows(growth: MemoryGrowth | None) -> Problem | None:
    """The server used more memory with each request, so its memory depends on how many it had answered."""
    if growth is None:
        return None
    ends = f"from {megabytes(growth.start_bytes)} to {megabytes(growth.end_bytes)} RSS in the window"
    return kinds.MEMORY_GROWS.found(f"memory grew by {memory(growth.per_request_bytes)} a request: {ends}")


def workers_replaced(replaced: Replaced) -> Problem | None:
    """Workers ended and others were started. CPU per request includes the CPU of these starts."""
    if not replaced.workers:
        return None
    were = "worker was" if replaced.workers == 1 else "workers were"
    started = f"starting them took about {seconds(replaced.start_s)} of CPU, which CPU per request includes"
    return kinds.WORKERS_REPLACED.found(f"at least {replaced.workers} {were} replaced in the window; {started}")


def processes_detached(adopted: int) -> Problem | None:
    """Processes of the server outlived their parent, as after a double fork. Their CPU and memory are counted."""
    if not adopted:
        return None
    detail = "1 process of the server" if adopted == 1 else f"{adopted} processes of the server"
    return kinds.PROCESSES_DETACHED.found(
        f"{detail} outlived the parent, as after a double fork; CPU and memory include them"
    )


def outcome(problems: Sequence[Problem]) -> Outcome:
    """Invalid where neither throughput nor latency is reliable, degraded where the service failed, else ok."""
    if any({"throughput", "latency"} <= set(problem.voids) for problem in problems):
        return "invalid"
    return "degraded" if any(problem.name in kinds.SERVICE_FAILED for problem in problems) else "ok"
