"""Figures from raw arrays."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bench.judge.cell.conditions import Conditions
from bench.model.cell import (
    CompanionUse,
    Cpu,
    Distribution,
    Memory,
    MemoryFigure,
    Requests,
    Route,
    Window,
    companion_of,
)
from bench.model.config import Scenario
from bench.model.samples import LOAD_SIDE, TABLES, Floats, Ints, Samples

TIMEOUT = -2
WRONG_BODY = -5
DROPPED = -6
UNSENT = -7
NO_PORT = -8
ERROR_NAMES: Mapping[int, str] = {
    -1: "no connection",
    TIMEOUT: "timeout",
    -3: "connection lost",
    -4: "garbled answer",
    WRONG_BODY: "wrong body",
    DROPPED: "dropped",
    UNSENT: "never sent",
    NO_PORT: "no free port",
    -9: "failed by its locustfile",
}
"""Names of the negative statuses. From -100 down: an HTTP status that was not the expected one, negated."""


READING_LATE_S = 0.1
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def error_name(status: int) -> str:
    """What a negative status says."""
    return ERROR_NAMES.get(status, f"status {-status}")


def percentile(ordered: Floats, fraction: float) -> float:
    """The nearest-rank percentile of ascending values: the least that `fraction` of them do not exceed.

    Raises IndexError where there are no values.
    """
    return float(ordered[max(math.ceil(fraction * len(ordered)) - 1, 0)])


def distribution(durations_s: Floats) -> Distribution | None:
    """Mean and nearest-rank percentiles of durations in any order; None of none."""
    if len(durations_s) == 0:
        return None
    ordered = np.sort(durations_s)
    p50, p90, p95, p99 = (percentile(ordered, fraction) for fraction in (0.5, 0.9, 0.95, 0.99))
    return Distribution(float(ordered.mean()), p50, p90, p95, p99, float(ordered[-1]))


def of_server(samples: Samples, number: int) -> Samples:
    """The requests that this server was sent, and all readings with its role first in `roles`."""
    asked = samples.measurement == number
    order = [number, *(place for place in range(len(samples.roles)) if place != number)]
    return replace(
        _only(samples, asked),
        role=np.argsort(order)[samples.role],
        resident_role=np.argsort(order)[samples.resident_role],
        roles=tuple(samples.roles[place] for place in order),
    )


def _only(samples: Samples, wanted: Mask) -> Samples:
    """The samples with these requests only."""
    if wanted.all():  # as in a plain run of one server: nothing is copied
        return samples
    return replace(samples, **{name: getattr(samples, name)[wanted] for name in TABLES["requests"]})


def reading_of(samples: Samples, role: str) -> Mask:
    """A mask of the readings of one role; of none where the cell has no such role."""
    place = samples.roles.index(role) if role in samples.roles else -1
    found: Mask = samples.role == place
    return found


def withheld(status: Ints) -> Mask:
    """A mask of the statuses of requests that the load generator did not send, by no fault of the server."""
    found: Mask = (status == UNSENT) | (status == NO_PORT)  # np.isin would build a table first
    return found


def sent(samples: Samples) -> Mask:
    """A mask of the requests that were sent at all."""
    found: Mask = (samples.status != DROPPED) & ~withheld(samples.status)
    return found


def scheduled_in(samples: Samples, window: Window) -> Mask:
    """A mask of the requests scheduled in the window: the ones whose latency counts, whenever they finished."""
    return (samples.scheduled_s >= window.start_s) & (samples.scheduled_s < window.end_s)


def done_in(samples: Samples, window: Window) -> Mask:
    """A mask of the requests finished in the window: the ones that throughput and CPU per request count."""
    return (samples.done_s >= window.start_s) & (samples.done_s < window.end_s) & sent(samples)


def readings_in(samples: Samples, window: Window, role: str | None = None) -> Mask:
    """A mask of a role's readings in the window, with the one that was asked for at its end and came just after.

    Without a role, of the server's.
    """
    inside = (samples.t_s >= window.start_s) & (samples.t_s <= window.end_s + READING_LATE_S)
    return reading_of(samples, samples.roles[0] if role is None else role) & inside


def requests(samples: Samples, window: Window) -> Requests:
    """How the requests scheduled in the window ended."""
    status = samples.status[scheduled_in(samples, window)]
    wrong = status[status < 0]  # few, so that all else is cheap
    dropped, timeouts = (int(np.count_nonzero(wrong == code)) for code in (DROPPED, TIMEOUT))
    kept_back = withheld(wrong)
    unsent = int(np.count_nonzero(kept_back))
    codes, counts = np.unique(wrong[(wrong != DROPPED) & ~kept_back], return_counts=True)
    by_error = {error_name(int(code)): int(number) for code, number in zip(codes, counts, strict=True)}
    errors = len(wrong) - dropped - unsent - timeouts
    return Requests(len(status) - len(wrong), errors, timeouts, dropped, by_error, unsent)


def routes(samples: Samples, window: Window, names: Sequence[str], timeout_s: float) -> tuple[Route, ...]:
    """The figures of each request, whose names are in the order of the samples' routes; none of a single one."""
    if len(names) < 2:
        return ()
    parts = [_only(samples, samples.route == number) for number in range(len(names))]
    return tuple(
        Route(name, requests(part, window), latency_s(part, window, timeout_s))
        for name, part in zip(names, parts, strict=True)
    )


def connections(samples: Samples, window: Window) -> float | None:
    """New connections for each request that was scheduled in the window and sent; None where that was not recorded."""
    opened = samples.new_connection[scheduled_in(samples, window) & sent(samples)]
    return float(np.mean(opened)) if len(opened) and opened.min() >= 0 else None


def throughput_rps(samples: Samples, window: Window) -> float:
    """Right answers that ended inside the window, per second of it."""
    right = done_in(samples, window) & (samples.status > 0)
    return int(np.count_nonzero(right)) / (window.end_s - window.start_s)


def latencies_s(samples: Samples, window: Window, timeout_s: float) -> Floats:
    """From the scheduled start to the last byte, of each request scheduled in the window, in the order of the samples.

    A request that failed or was dropped counts at the timeout, or at its own time where that was longer: failing fast
    is not being fast. Requests that the generator never sent are left out.
    """
    return counted_latencies_s(samples, scheduled_in(samples, window) & ~withheld(samples.status), timeout_s)


def counted_latencies_s(samples: Samples, counted: Mask, timeout_s: float) -> Floats:
    """The latencies of the requests in the mask, as `latencies_s` counts them."""
    took_s = (samples.done_s - samples.scheduled_s)[counted]
    counted_s: Floats = np.where(samples.status[counted] < 0, np.maximum(took_s, timeout_s), took_s)
    return counted_s


def latency_s(samples: Samples, window: Window, timeout_s: float) -> Distribution | None:
    """Mean and percentiles of `latencies_s`; None where no request was scheduled in the window."""
    return distribution(latencies_s(samples, window, timeout_s))


def service_s(samples: Samples, window: Window) -> Distribution | None:
    """From the actual send to the last byte, over the right answers among those scheduled in the window."""
    counted = scheduled_in(samples, window) & (samples.status > 0)
    return distribution((samples.done_s - samples.sent_s)[counted])


def send_delay_s(samples: Samples, window: Window) -> Distribution | None:
    """From the scheduled to the actual send, over the requests scheduled in the window: how late the generator was."""
    counted = scheduled_in(samples, window) & sent(samples)
    return distribution((samples.sent_s - samples.scheduled_s)[counted])


def timer_lag_s(samples: Samples, window: Window) -> Distribution | None:
    """How late the load generator's own timer was, over the beats due in the window."""
    return distribution(samples.beat_late_s[(samples.beat_s >= window.start_s) & (samples.beat_s < window.end_s)])


def service_time_s(samples: Samples, scenario: Scenario) -> float:
    """Seconds that one request takes when no other is in its way.

    What the scenario waits for, or the shortest time of any right answer of the cell, warm-up included: whichever is
    longer.
    """
    took_s = (samples.done_s - samples.sent_s)[samples.status > 0]
    return max(scenario.hold_s, float(took_s.min()) if len(took_s) else 0.0)


def backlog_growth(samples: Samples, window: Window) -> int:
    """How many more requests were in flight at the end of the window than at its start."""
    went = sent(samples)
    asked, done = samples.scheduled_s[went], samples.done_s[went]
    start, end = (
        int(np.count_nonzero(asked < at_s)) - int(np.count_nonzero(done < at_s))
        for at_s in (window.start_s, window.end_s)
    )
    return end - start


def mean_in_flight(samples: Samples, window: Window) -> float:
    """Requests in flight, averaged over the window; those that began before it or ended after it included."""
    overlap = np.minimum(samples.done_s, window.end_s) - np.maximum(samples.sent_s, window.start_s)
    return float(np.maximum(overlap, 0.0).sum()) / (window.end_s - window.start_s)


def memory(samples: Samples, window: Window) -> Memory:
    """Memory of the server's tree: its first reading, and median and peak of those in the window.

    Each kind of memory has its own median and peak. Raises ValueError where the window has no reading.
    """
    inside = readings_in(samples, window)
    if not inside.any():
        raise ValueError("no memory reading lies in the window")
    columns = (samples.pss_bytes, samples.rss_bytes, samples.uss_bytes, samples.anon_bytes)
    first = int(np.argmax(reading_of(samples, samples.roles[0])))
    return Memory(
        idle=_memory_figure(*(int(column[first]) for column in columns)),
        median=_memory_figure(*(int(np.median(column[inside])) for column in columns)),
        peak=_memory_figure(*(int(column[inside].max()) for column in columns)),
    )


def companions(samples: Samples, window: Window, roles: Sequence[str]) -> tuple[CompanionUse, ...]:
    """What each of these roles used in the window."""
    length_s, finished = window.end_s - window.start_s, int(np.count_nonzero(done_in(samples, window)))
    found = []
    for role in roles:
        used_s = _cpu_s(samples, window, role)
        memory_bytes = ranked_bytes(samples)[readings_in(samples, window, role)]
        known = len(memory_bytes) > 0 and memory_bytes.min() >= 0
        found.append(
            CompanionUse(
                companion_of(role),
                used_s / length_s,
                used_s / finished if finished else None,
                float(np.median(memory_bytes)) if known else None,
            )
        )
    return tuple(found)


def ranked_bytes(samples: Samples) -> Ints:
    """The memory of each reading that is ranked: PSS, or USS where the platform has no PSS."""
    return np.where(samples.pss_bytes < 0, samples.uss_bytes, samples.pss_bytes)


def _memory_figure(pss_bytes: int, rss_bytes: int, uss_bytes: int, anon_bytes: int) -> MemoryFigure:
    pss, anon = (None if value < 0 else value for value in (pss_bytes, anon_bytes))
    return MemoryFigure(pss, rss_bytes, uss_bytes, anon)


def _gained(window: Window, t_s: Floats, counter: Floats) -> float:
    """How much a counter rose in the window, interpolated at its ends."""
    start, end = np.interp((window.start_s, window.end_s), t_s, counter)
    return float(end - start)


def _cpu_s(samples: Samples, window: Window, role: str) -> float:
    """CPU seconds of a role in the window; 0 where it has no reading."""
    own = reading_of(samples, role)
    return _gained(window, samples.t_s[own], (samples.cpu_user_s + samples.cpu_system_s)[own]) if own.any() else 0.0


def cpu(samples: Samples, window: Window, conditions: Conditions) -> Cpu:
    """CPU used in the window, from the counters interpolated at its ends; threads, switches and steal likewise.

    What other programs used of the cores: wall time less what was stolen, what had no program, and the roles' own CPU.
    """
    length_s = window.end_s - window.start_s

    def stolen(counter: Floats, cores: int) -> float | None:
        share = _gained(window, samples.cores_t_s, counter) / (length_s * cores)
        return None if math.isnan(share) else share

    def other(side: str, cores: int, roles: Iterable[str]) -> float | None:
        steal_s, idle_s = (getattr(samples, f"{side}_{name}") for name in ("steal_s", "idle_s"))
        share = 1 - _gained(window, samples.cores_t_s, steal_s + idle_s) / (length_s * cores)
        known = sum(_cpu_s(samples, window, role) for role in roles) / (length_s * cores)
        return None if math.isnan(share) else share - known

    beside = [*(role for role in samples.roles if role in LOAD_SIDE), *conditions.roles_on("load", samples.roles)]
    servers = [role for role in samples.roles if role not in beside]
    own = reading_of(samples, samples.roles[0])
    server_s, known = (
        _cpu_s(samples, window, samples.roles[0]),
        bool(own.any()),
    )  # that of a service that ran already may not be
    server_cpus, load_cpus = conditions.server_cpus, conditions.load_cpus
    finished = int(np.count_nonzero(done_in(samples, window)))
    return Cpu(
        server_s_per_request=server_s / finished if finished and known else None,
        server_cores=server_s / length_s,
        generator_cores=_cpu_s(samples, window, "generator") / length_s,
        upstream_cores=_cpu_s(samples, window, "upstream") / length_s,
        sampler_cores=_cpu_s(samples, window, "harness") / length_s,
        server_threads=int(samples.threads[readings_in(samples, window)].max(initial=0)),
        server_switches_per_s=_gained(window, samples.t_s[own], samples.switches[own].astype(np.float64)) / length_s
        if known
        else 0.0,
        server_steal=stolen(samples.server_steal_s, server_cpus),
        load_steal=stolen(samples.load_steal_s, load_cpus),
        server_other=other("server", server_cpus, servers if conditions.pinned else samples.roles),
        load_other=other("load", load_cpus, beside if conditions.pinned else samples.roles),
    )
