"""What is wrong with a cell: each rule a pure function that returns a problem or None.

A problem names the figures that it voids: those which the harness cannot vouch for.
"""

from collections.abc import Sequence

from bench.judge.metrics import mean_in_flight
from bench.model import (
    Cpu,
    Distribution,
    Load,
    Outcome,
    Problem,
    Requests,
    Samples,
    Scenario,
    Stack,
    UpstreamServed,
    Window,
)
from bench.units import percent, seconds

ERROR_SHARE = 0.01
LOAD_CORE_SHARE = 0.80
SERVER_CORE_SHARE = 0.95
IN_FLIGHT_SHARE = 0.98
UPSTREAM_DELAY_ERROR_S = 0.005
WINDOW_P95S = 3.0
SERVICE_FAILED = ("service errors", "nothing served")


def service_errors(requests: Requests) -> Problem | None:
    """The service failed on more than 1 % of the requests: a finding about it, which leaves no latency to rank.

    Nor CPU per request, since failing is cheap.
    """
    total = requests.ok + requests.errors + requests.timeouts
    failed = requests.errors + requests.timeouts
    if failed <= ERROR_SHARE * total:
        return None
    kinds = ", ".join(f"{number} x {name}" for name, number in requests.by_error.items())
    return Problem("service errors", f"{percent(failed / total)} of the requests failed: {kinds}", ("latency", "cpu"))


def nothing_served(requests: Requests) -> Problem | None:
    """No request scheduled in the window was answered rightly, so there is nothing to measure."""
    return None if requests.ok else Problem("nothing served", "no right answer in the window", ("latency", "cpu"))


def load_core(cpu: Cpu, load_cpus: int, server_cpus: int) -> Problem | None:
    """The load side came near the end of its own CPU, so it measured itself.

    With one core generator and upstream share it, with more each has its own. A server that keeps its cores 95 % busy
    is at its limit whatever the generator does: then throughput stands.
    """
    together = cpu.generator_cores + cpu.upstream_cores
    share = cpu.sampler_cores + (together if load_cpus == 1 else max(cpu.generator_cores, cpu.upstream_cores))
    if share <= LOAD_CORE_SHARE:
        return None
    server_full = cpu.server_cores >= SERVER_CORE_SHARE * server_cpus
    detail = f"generator and upstream kept a load-side core {percent(share)} busy (limit {percent(LOAD_CORE_SHARE)})"
    return Problem("load side saturated", detail, ("latency",) if server_full else ("latency", "throughput"))


def unanswered(samples: Samples, window: Window, load: Load) -> Problem | None:
    """Some users were still without one answer when the window began, twice the warm-up or more after the start.

    Counted from below: as many answers as users may still leave a user without one.
    """
    missing = load.users - int((samples.done_s < window.start_s).sum())
    if missing <= 0:
        return None
    detail = f"at least {missing} of {load.users} users had no answer by the end of the warm-up"
    return Problem("users unanswered", detail, ("latency",))


def in_flight(samples: Samples, window: Window, load: Load) -> Problem | None:
    """Not all users had a request under way all the time, though none of them thinks between two."""
    mean = mean_in_flight(samples, window)
    if mean >= IN_FLIGHT_SHARE * load.users:
        return None
    detail = f"{mean:.1f} of {load.users} users had a request under way on average"
    return Problem("users idle", detail, ("latency", "throughput"))


def upstream_hits(served: UpstreamServed, samples: Samples, scenario: Scenario) -> Problem | None:
    """The upstream was not called once for each call that a request makes: cached, retried or skipped."""
    ok = int((samples.status > 0).sum())
    for route, call in scenario.upstream.items():
        hits = served.hits.get(route, 0)
        if not ok * call.calls <= hits <= len(samples.status) * call.calls:
            wanted = f"{ok * call.calls} to {len(samples.status) * call.calls}"
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
    predicted_s = load.users * scenario.hold_s / stack.slots if stack.slots else 0.0
    if length_s < WINDOW_P95S * predicted_s:
        detail += f"; predicted at saturation: {seconds(predicted_s)}"
    return Problem("unsteady", detail, ("latency",))


def outcome(problems: Sequence[Problem]) -> Outcome:
    """Invalid where the harness vouches for neither throughput nor latency, degraded where the service failed."""
    if any({"throughput", "latency"} <= set(problem.voids) for problem in problems):
        return "invalid"
    return "degraded" if any(problem.name in SERVICE_FAILED for problem in problems) else "ok"
