"""The figures of one server in one stretch of time, and what several stretches come to.

A plain cell has one stretch, its window. In an A/B each server has many, its slices, and its figures are their medians.
What befalls fewer than half of them shows in the figures of each slice, which judge/gate/pairs.py compares in pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np

from bench.judge.cell import figures, problems
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.kinds import SERVICES_DOING
from bench.judge.cell.metrics import SLOW
from bench.model.cell import Cpu, Distribution, Figure, Problem, Requests, Slice, SliceFigures, Window
from bench.model.config import Closed, Open
from bench.model.samples import Samples


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one server did in one stretch of time, and what is wrong with it."""

    requests: Requests
    throughput_rps: float
    latency_s: Distribution | None
    service_s: Distribution | None
    send_delay_s: Distribution | None
    in_flight: float
    cpu: Cpu
    problems: tuple[Problem, ...]


def measured(slices: Sequence[Slice], number: int) -> Sequence[Slice]:
    """The slices of server `number` that are no warm-up. ValueError where there is none."""
    found = [one for one in slices if one.measurement == number and one.end_s > one.start_s]
    if not found:
        raise ValueError(f"server {number} has no measured slice")
    return found


def window_of(slices: Sequence[Slice]) -> Window:
    """The window from the first measured slice to the last. ValueError where there is none."""
    found = [one for one in slices if one.end_s > one.start_s]
    if not found:
        raise ValueError("the cell has neither a window nor a measured slice")
    return Window(slices[0].begin_s, found[0].start_s, found[-1].end_s)


def lifetime(own: Samples, slices: Sequence[Slice]) -> Window:
    """From the first measured slice to the last reading of the server."""
    begin_s = slices[0].begin_s
    return Window(begin_s, begin_s, float(own.t_s[figures.reading_of(own, own.roles[0])].max()))


def of_slice(conditions: Conditions, own: Samples, one: Slice, slices: Sequence[Slice]) -> Stretch:
    """The stretch of one slice of an A/B. ValueError where it has no reading of the server on either side."""
    # How many users take part is known from the requests in flight.
    users = conditions.load.users if isinstance(conditions.load, Closed) else 0
    window = Window(one.begin_s, one.start_s, one.end_s, answered=users)
    found = stretch(conditions, own, window, _cpu(conditions, own, one, slices))
    disturbed = problems.disturbed(found.cpu)
    return found if disturbed is None else replace(found, problems=(*found.problems, disturbed))


def stretch(conditions: Conditions, own: Samples, window: Window, cpu: Cpu) -> Stretch:
    """The figures of one window, and the problems that belong to it."""
    load, scenario = conditions.load, conditions.scenario
    service_s = figures.service_s(own, window)
    send_delay_s = figures.send_delay_s(own, window) if isinstance(load, Open) else None
    server_busy = problems.server_share(cpu, conditions.stack, conditions.server_cpus)
    found = [
        problems.load_core(cpu, conditions.load_cpus, server_busy, _companions_on_load(conditions, own, window)),
        problems.timer_lag(figures.timer_lag_s(own, window), service_s),
        problems.no_port(own, window),
    ]
    if isinstance(load, Closed):
        found.append(problems.unanswered(window, load))
        if scenario.client == "lean":  # users of a locustfile pause on purpose
            found.append(problems.in_flight(own, window, load, server_busy))
    else:
        found += [
            problems.send_delay(send_delay_s, service_s),
            problems.dropped(own, window, load),
            problems.unsent(own, window, load, send_delay_s),
            problems.falling_behind(own, window, load, scenario, figures.service_time_s(own, scenario)),
        ]
    return Stretch(
        requests=figures.requests(own, window),
        throughput_rps=figures.throughput_rps(own, window),
        latency_s=figures.latency_s(own, window, scenario.timeout_s),
        service_s=service_s,
        send_delay_s=send_delay_s,
        in_flight=figures.mean_in_flight(own, window),
        cpu=cpu,
        problems=tuple(problem for problem in found if problem is not None),
    )


def _companions_on_load(conditions: Conditions, own: Samples, window: Window) -> dict[str, float]:
    """The cores that each companion used on the load's side."""
    roles = conditions.roles_on("load", own.roles)
    return {role: one.cores for role, one in zip(roles, figures.companions(own, window, roles), strict=True)}


def _cpu(conditions: Conditions, own: Samples, one: Slice, slices: Sequence[Slice]) -> Cpu:
    """The CPU of one slice, from the last reading before it to the first after it.

    The server has nothing in flight at either reading, so the CPU between them belongs to the slice's requests, to the
    last tick. There is no CPU per request where a reading was so late that another slice of this server lies between
    the two as well. Cores are those of the time for which the load lasted. ValueError where a reading is missing.
    """
    t_s = own.t_s[figures.reading_of(own, own.roles[0])]
    before, after = t_s[t_s <= one.begin_s], t_s[t_s >= one.done_s]
    if not len(before) or not len(after):
        raise ValueError(f"slice {one.number} has no reading on either side")
    between = Window(float(before[-1]), float(before[-1]), float(after[0]))
    cpu = figures.cpu(own, between, conditions)
    stretched = (between.end_s - between.start_s) / (one.end_s - one.begin_s)
    others = (other for other in slices if other.measurement == one.measurement and other.number != one.number)
    alone = all(other.done_s <= between.start_s or other.begin_s >= between.end_s for other in others)
    return replace(
        cpu,
        server_s_per_request=cpu.server_s_per_request if alone else None,
        server_cores=cpu.server_cores * stretched,
        generator_cores=cpu.generator_cores * stretched,
        upstream_cores=cpu.upstream_cores * stretched,
    )


def reliable(stretches: Sequence[Stretch], figure: Figure) -> Sequence[Stretch]:
    """The stretches whose figure is reliable; all where none is."""
    return [one for one in stretches if not any(figure in problem.voids for problem in one.problems)] or stretches


def spoiling(stretches: Sequence[tuple[Problem, ...]]) -> list[Problem]:
    """The problems of the stretches, each kind once, with the figures that half of the stretches or more lose to them.

    A problem that makes no figure unreliable is kept wherever it was found.
    """
    lost = [
        figure
        for figure in get_args(Figure)
        if 2 * sum(any(figure in problem.voids for problem in found) for found in stretches) >= len(stretches)
    ]
    first = {problem.name: problem for found in reversed(stretches) for problem in found}
    limited = [(one, tuple(figure for figure in one.voids if figure in lost)) for one in first.values()]
    return [replace(one, voids=voids) for one, voids in limited if voids or not one.voids]


def together(requests: Sequence[Requests]) -> Requests:
    """The requests of all stretches, added up."""
    names = dict.fromkeys(name for one in requests for name in one.by_error)
    by_error = {name: sum(one.by_error.get(name, 0) for one in requests) for name in names}
    counts = {
        name: sum(getattr(one, name) for one in requests) for name in ("ok", "errors", "timeouts", "dropped", "unsent")
    }
    return Requests(**counts, by_error=by_error)


def slow_s(conditions: Conditions, samples: Samples, slices: Sequence[Slice]) -> float | None:
    """How long a slow request takes: by the P50 of base over its slices. None where base answered nothing."""
    base = figures.of_server(samples, 0)
    took_s = [
        figures.latencies_s(base, Window(one.begin_s, one.start_s, one.end_s), conditions.scenario.timeout_s)
        for one in measured(slices, 0)
    ]
    medians = [float(np.median(found)) for found in took_s if len(found)]
    return SLOW * median(medians) if medians else None


def compared(
    conditions: Conditions, own: Samples, found: Sequence[tuple[Slice, Stretch]], limit_s: float | None
) -> tuple[SliceFigures, ...]:
    """The figures of each slice; without those that are unreliable for another reason than what the service did."""
    return tuple(_compared(conditions, own, one, stretched, limit_s) for one, stretched in found)


def _compared(conditions: Conditions, own: Samples, one: Slice, found: Stretch, limit_s: float | None) -> SliceFigures:
    lost = {figure for problem in found.problems if problem.name not in SERVICES_DOING for figure in problem.voids}
    window = Window(one.begin_s, one.start_s, one.end_s)
    took_s = figures.latencies_s(own, window, conditions.scenario.timeout_s)
    timed = "latency" not in lost and found.latency_s is not None
    return SliceFigures(
        throughput_rps=None if "throughput" in lost else found.throughput_rps,
        p95_s=found.latency_s.p95 if timed and found.latency_s is not None else None,
        server_s_per_request=None if "cpu" in lost else found.cpu.server_s_per_request,
        slow_share=float(np.mean(took_s > limit_s)) if timed and limit_s is not None else None,
        disturbed=problems.disturbed_share(found.cpu),
    )


def typical(found: Sequence[Distribution | None]) -> Distribution | None:
    """The median of each figure over the stretches that have it; None where none has."""
    known = [one for one in found if one is not None]
    if not known:
        return None
    names = [field.name for field in fields(Distribution)]
    return Distribution(**{name: median([getattr(one, name) for one in known]) for name in names})


def median(values: Sequence[float]) -> float:
    """The median of the values."""
    return float(np.median(values))


def typical_cpu(found: Sequence[Cpu]) -> Cpu:
    """The median of each figure over the stretches that have it; of threads the most."""
    medians: dict[str, Any] = {}
    for field in fields(Cpu):
        known = [value for one in found if (value := getattr(one, field.name)) is not None]
        medians[field.name] = median(known) if known else None
    return Cpu(**{**medians, "server_threads": max(one.server_threads for one in found)})
