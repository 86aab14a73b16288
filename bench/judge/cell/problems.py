"""What is wrong with a cell: each rule a pure function that returns a problem or None.

A problem names the figures that it voids: those which the harness cannot vouch for.
"""

import math
from collections.abc import Sequence

from bench.judge.cell.figures import DROPPED, UNSENT, backlog_growth, mean_in_flight, scheduled_in, sent
from bench.model.cell import Cpu, Distribution, Outcome, Problem, Requests, UpstreamServed, Window
from bench.model.config import Closed, Load, Open, Scenario, Stack
from bench.model.samples import Samples
from bench.units import percent, seconds

ERROR_SHARE = 0.01
LOAD_CORE_SHARE = 0.80
SERVER_CORE_SHARE = 0.95
IN_FLIGHT_SHARE = 0.98
UPSTREAM_DELAY_ERROR_S = 0.005
LAG_S = 0.005
LAG_SHARE = 0.02
SENT_SHARE = 0.99
CAP_SHARE = 0.5
NEVER_EMPTY = 10.4
"""Of so many Poisson arrivals on average there is none at all once in 30 000 windows."""
WINDOW_P95S = 3.0
BACKLOG_SHARE = 0.05
TIMEOUT_SHARE = 0.05
SERVICE_FAILED = ("service errors", "nothing served")
BEHIND = frozenset({"falling behind", "arrivals dropped"})
SERVICES_DOING = BEHIND | {*SERVICE_FAILED, "unsteady", "users unanswered", "upstream calls"}
"""Problems that come of how the service did: to leave out such a round would be to choose the good ones."""


def service_errors(requests: Requests, timeout_s: float) -> Problem | None:
    """The service failed on more than 1 % of the requests: a finding about it, which leaves no latency to rank.

    Nor CPU per request, since failing is cheap. Beyond 5 % a failed request, which counts at the timeout, is the P95.
    """
    total = requests.ok + requests.errors + requests.timeouts
    failed = requests.errors + requests.timeouts
    if failed <= ERROR_SHARE * total:
        return None
    kinds = ", ".join(f"{number} x {name}" for name, number in requests.by_error.items())
    detail = f"{percent(failed / total)} of the requests failed: {kinds}"
    if failed > TIMEOUT_SHARE * total:
        detail += f"; P95 is at least the timeout ({seconds(timeout_s)})"
    return Problem("service errors", detail, ("latency", "cpu"))


def nothing_served(requests: Requests, load: Load) -> Problem | None:
    """No request scheduled in the window was answered rightly, so there is nothing to measure.

    Where an open load brought no request to the service at all, that is not the service's doing.
    """
    brought = isinstance(load, Closed) or requests.errors + requests.timeouts + requests.dropped
    if requests.ok or not brought:
        return None
    return Problem("nothing served", "no right answer in the window", ("latency", "cpu"))


def server_share(cpu: Cpu, stack: Stack, server_cpus: int) -> float:
    """The share that it kept busy of the cores that it can use: a Python process fills one, whatever it is given.

    What the hypervisor took of a core was not there to be used.
    """
    usable = min(server_cpus, stack.workers)
    given = max(1.0 - (cpu.server_steal or 0.0), 0.01)
    return min(cpu.server_cores / given / (usable if cpu.server_cores <= usable * 1.05 else server_cpus), 1.0)


def load_core(cpu: Cpu, load_cpus: int, server_busy: float) -> Problem | None:
    """The load side came near the end of its own CPU, so it measured itself.

    With one core generator and upstream share it, with more each has its own. A server that keeps its cores 95 % busy
    is at its limit whatever the generator does: then throughput stands.
    """
    together = cpu.generator_cores + cpu.upstream_cores
    share = cpu.sampler_cores + (together if load_cpus == 1 else max(cpu.generator_cores, cpu.upstream_cores))
    if share <= LOAD_CORE_SHARE:
        return None
    detail = f"generator and upstream kept a load-side core {percent(share)} busy (limit {percent(LOAD_CORE_SHARE)})"
    full = server_busy >= SERVER_CORE_SHARE
    return Problem("load side saturated", detail, ("latency",) if full else ("latency", "throughput"))


def lag_limit_s(service_s: Distribution | None) -> float:
    """How late the generator may be at P99: the larger of 5 ms and 2 % of the median service time.

    Not of the median latency, which holds the lag itself, and the timeouts of what failed.
    """
    return max(LAG_S, LAG_SHARE * service_s.p50 if service_s is not None else 0.0)


def lag(lag_s: Distribution | None, service_s: Distribution | None) -> Problem | None:
    """The generator sent late: latency is then partly its own."""
    limit_s = lag_limit_s(service_s)
    if lag_s is None or lag_s.p99 <= limit_s:
        return None
    detail = f"requests were sent {seconds(lag_s.p99)} after their time at P99 (limit {seconds(limit_s)})"
    return Problem("generator late", detail, ("latency",))


def heartbeat(beat_s: Distribution | None, service_s: Distribution | None) -> Problem | None:
    """The generator's loop stalled: whatever came meanwhile was seen late."""
    limit_s = lag_limit_s(service_s)
    if beat_s is None or beat_s.p99 <= limit_s:
        return None
    detail = f"the generator's own beat came {seconds(beat_s.p99)} late at P99 (limit {seconds(limit_s)})"
    return Problem("generator stalled", detail, ("latency",))


def dropped(samples: Samples, window: Window, load: Open) -> Problem | None:
    """Arrivals found the cap of requests under way reached: what they would have waited is not known."""
    inside = scheduled_in(samples, window)
    count = int((inside & (samples.status == DROPPED)).sum())
    if not count:
        return None
    share = percent(count / int(inside.sum()))
    detail = f"{share} of the arrivals were dropped: {load.max_in_flight} requests were under way already"
    return Problem("arrivals dropped", detail, ("latency",))


def unsent(samples: Samples, window: Window, load: Open, lag_s: Distribution | None) -> Problem | None:
    """Under 99 % of the schedule was sent: the generator could not offer what was asked of it.

    A dropped arrival was the server's doing and counts as sent, unless the generator was so late that what it owed
    filled half of the cap: then it sends in bursts and reads answers too late, which drops arrivals by itself. Of an
    evenly spaced schedule it is known how many arrivals belong in the window, give or take the one at its edge; of a
    Poisson process, how many at least (all but one window in 30 000 have more than the mean less four standard
    deviations).
    """
    inside = scheduled_in(samples, window)
    late = lag_s is not None and lag_s.p99 * load.rate_rps >= CAP_SHARE * load.max_in_flight
    went = int((inside & (sent(samples) if late else samples.status != UNSENT)).sum())
    mean = load.rate_rps * (window.end_s - window.start_s)
    least = mean - 1 if load.arrivals == "fixed" else max(mean - 4 * math.sqrt(mean), float(mean >= NEVER_EMPTY))
    due = max(int(inside.sum()), int(least))
    if went >= SENT_SHARE * due:
        return None
    detail = f"{went} of {due} scheduled requests were sent (limit {percent(SENT_SHARE)})"
    return Problem("arrivals not sent", detail, ("latency", "throughput"))


def unanswered(window: Window, load: Closed) -> Problem | None:
    """Some users were still without one answer when the window began, twice the warm-up or more after the start."""
    missing = load.users - window.answered
    if missing <= 0:
        return None
    detail = f"{missing} of {load.users} users had no answer by the end of the warm-up"
    return Problem("users unanswered", detail, ("latency",))


def in_flight(samples: Samples, window: Window, load: Closed) -> Problem | None:
    """Not all users had a request under way all the time, though none of them thinks between two."""
    mean = mean_in_flight(samples, window)
    if mean >= IN_FLIGHT_SHARE * load.users:
        return None
    detail = f"{mean:.1f} of {load.users} users had a request under way on average"
    return Problem("users idle", detail, ("latency", "throughput"))


def upstream_hits(served: UpstreamServed, samples: Samples, scenario: Scenario) -> Problem | None:
    """The upstream was not called once for each call that a request makes: cached, retried or skipped."""
    ok, asked = int((samples.status > 0).sum()), int(sent(samples).sum())
    for route, call in scenario.upstream.items():
        hits = served.hits.get(route, 0)
        if not ok * call.calls <= hits <= asked * call.calls:
            wanted = f"{ok * call.calls} to {asked * call.calls}"
            detail = f"the upstream counted {hits} calls of {route}, not {wanted}"
            return Problem("upstream calls", detail, ("throughput", "latency", "memory", "cpu"))
    return None


def upstream_delay(served: UpstreamServed) -> Problem | None:
    """The upstream answered too far from its due times, so that latency is partly its own."""
    error_s = served.delay_error_s.get("p99")
    if error_s is None or error_s <= UPSTREAM_DELAY_ERROR_S:
        return None
    detail = f"the upstream's delays were off by {seconds(error_s)} at P99 (limit {seconds(UPSTREAM_DELAY_ERROR_S)})"
    return Problem("upstream late", detail, ("latency",))


def unsteady(
    latency_s: Distribution | None, window: Window, stack: Stack, scenario: Scenario, load: Load
) -> Problem | None:
    """The window, grown to its limit, does not span three P95: too few generations of requests to call it steady.

    A P95 at the timeout comes of failures, which are a problem of their own.
    """
    length_s = window.end_s - window.start_s
    if latency_s is None or length_s >= WINDOW_P95S * latency_s.p95 or latency_s.p95 >= scenario.timeout_s:
        return None
    detail = f"the window of {seconds(length_s)} is shorter than {WINDOW_P95S:g} x P95 ({seconds(latency_s.p95)})"
    users = load.users if isinstance(load, Closed) else 0
    predicted_s = users * scenario.hold_s / stack.slots if stack.slots else 0.0
    if length_s < WINDOW_P95S * predicted_s:
        detail += f"; predicted at saturation: {seconds(predicted_s)}"
    return Problem("unsteady", detail, ("latency",))


def falling_behind(samples: Samples, window: Window, load: Open, scenario: Scenario, held_s: float) -> Problem | None:
    """More requests arrived than were answered, so that latency grows for as long as one cares to measure.

    The number under way varies of itself: by one with the phase of evenly spaced arrivals; where arrivals or delays are
    left to chance with the variance of its mean, and the difference of two moments with twice that. `held_s`: seconds
    that a request takes with nobody in its way.
    """
    growth = backlog_growth(samples, window)
    arrived = int(scheduled_in(samples, window).sum())
    by_chance = load.arrivals == "poisson" or any(call.sigma for call in scenario.upstream.values())
    chance = 2 * math.sqrt(2 * load.rate_rps * held_s) if by_chance else 0.0
    if growth <= max(BACKLOG_SHARE * arrived, 1) + chance:
        return None
    detail = f"of {arrived} requests that arrived {growth} were added to the queue: no latency is typical of this load"
    return Problem("falling behind", detail, ("latency",))


def of_the_model(
    load: Load,
    scenario: Scenario,
    samples: Samples,
    window: Window,
    held_s: float,
    lag_s: Distribution | None,
    service_s: Distribution | None,
) -> tuple[Problem | None, ...]:
    """What can only go wrong with this load model."""
    if isinstance(load, Closed):
        return unanswered(window, load), in_flight(samples, window, load)
    return (
        lag(lag_s, service_s),
        dropped(samples, window, load),
        unsent(samples, window, load, lag_s),
        falling_behind(samples, window, load, scenario, held_s),
    )


def outcome(problems: Sequence[Problem]) -> Outcome:
    """Invalid where the harness vouches for neither throughput nor latency, degraded where the service failed."""
    if any({"throughput", "latency"} <= set(problem.voids) for problem in problems):
        return "invalid"
    return "degraded" if any(problem.name in SERVICE_FAILED for problem in problems) else "ok"
