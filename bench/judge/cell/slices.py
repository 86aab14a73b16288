"""The judgement of an A/B's cell: both servers under the same load in turn, each figure taken over its slices.

What others do on a shared machine only ever costs, for a second or so at a time. So latency, throughput and CPU per
request are the mean of the better half of the slices: like their median it does not tell what befalls fewer than half
of them, and is several times as steady. Everything else is their median.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np

from bench.judge.cell import figures, problems
from bench.model.cell import (
    Arm,
    Cell,
    CellKey,
    Cpu,
    Distribution,
    Figure,
    Probe,
    Problem,
    Requests,
    Slice,
    UpstreamServed,
    Window,
)
from bench.model.config import Closed, Open, Scenario, Stack
from bench.model.samples import Samples


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one slice came to, and what is wrong with it."""

    requests: Requests
    throughput_rps: float
    latency_s: Distribution | None
    service_s: Distribution | None
    lag_s: Distribution | None
    cpu: Cpu
    problems: tuple[Problem, ...]


def judge_arms(
    key: CellKey,
    stack: Stack,
    scenario: Scenario,
    samples: Samples,
    slices: Sequence[Slice],
    upstreams: Sequence[UpstreamServed],
    probe: Probe,
    *,
    server_cpus: int,
    load_cpus: int,
) -> Cell:
    """The cell with both arms judged; `upstreams` is what was served to either; `samples`, the file, is left out.

    Raises ValueError where an arm has no slice that counts, or the sampler missed one.
    """
    arms = []
    for number, upstream in enumerate(upstreams):
        own = figures.of_arm(samples, number)
        counted = [one for one in slices if one.arm == number and one.end_s > one.start_s]
        if not counted:
            raise ValueError(f"no slice of arm {number} counts")
        uses = [_cpu(own, one, slices, server_cpus, load_cpus) for one in counted]
        seen = [
            _slice(key, stack, scenario, own, one, cpu, server_cpus, load_cpus)
            for one, cpu in zip(counted, uses, strict=True)
        ]
        requests = _together([one.requests for one in seen])
        found = (
            problems.service_errors(requests, scenario.timeout_s),
            problems.nothing_served(requests, key.load),
            problems.upstream_hits(upstream, own, scenario),
            problems.upstream_delay(upstream),
            *_spoiling([one.problems for one in seen]),
        )
        told = tuple(problem for problem in found if problem is not None)
        timed = _vouching(seen, "latency")
        whole = Window(counted[0].begin_s, counted[0].begin_s, float(own.mem_t_s.max()))
        arms.append(
            Arm(
                outcome=problems.outcome(told),
                problems=told,
                requests=requests,
                throughput_rps=-_least_half([-one.throughput_rps for one in _vouching(seen, "throughput")]),
                latency_s=_of_durations([one.latency_s for one in timed]),
                service_s=_of_durations([one.service_s for one in timed]),
                lag_s=_of_durations([one.lag_s for one in timed]),
                memory=figures.memory(own, whole),
                cpu=_over_slices([one.cpu for one in _vouching(seen, "cpu")]),
                upstream=upstream,
            )
        )
    counting = [one for one in slices if one.end_s > one.start_s]
    return Cell(
        key.stack,
        key.scenario,
        key.load,
        key.round,
        key.order,
        outcome=max((arm.outcome for arm in arms), key=("ok", "degraded", "invalid").index),
        window=Window(slices[0].begin_s, counting[0].start_s, counting[-1].end_s),
        probe=probe,
        slices=tuple(slices),
        arms=tuple(arms),
    )


def _slice(
    key: CellKey,
    stack: Stack,
    scenario: Scenario,
    own: Samples,
    one: Slice,
    cpu: Cpu,
    server_cpus: int,
    load_cpus: int,
) -> _Seen:
    # That every user takes part is seen by how many requests are under way.
    users = key.load.users if isinstance(key.load, Closed) else 0
    window = Window(one.begin_s, one.start_s, one.end_s, answered=users)
    service_s, heartbeat_s = figures.service_s(own, window), figures.heartbeat_s(own, window)
    lag_s = figures.lag_s(own, window) if isinstance(key.load, Open) else None
    held_s = figures.held_s(own, scenario)
    found = (
        problems.load_core(cpu, load_cpus, problems.server_share(cpu, stack, server_cpus)),
        problems.heartbeat(heartbeat_s, service_s),
        *problems.of_the_model(key.load, scenario, own, window, held_s, lag_s, service_s),
    )
    return _Seen(
        figures.requests(own, window),
        figures.throughput_rps(own, window),
        figures.latency_s(own, window, scenario.timeout_s),
        service_s,
        lag_s,
        cpu,
        tuple(problem for problem in found if problem is not None),
    )


def _cpu(own: Samples, one: Slice, slices: Sequence[Slice], server_cpus: int, load_cpus: int) -> Cpu:
    """The CPU of one slice, from the last reading before it to the first after it.

    Nothing of this arm is under way at either, so what lies between them is that of the slice's requests, to the last
    tick; there is no CPU per request where a reading came so late that another slice of the arm lies between them too.
    The cores are those of the time for which the load lasted. Raises ValueError where there is no such reading.
    """
    before, after = own.mem_t_s[own.mem_t_s <= one.begin_s], own.mem_t_s[own.mem_t_s >= one.done_s]
    if not len(before) or not len(after):
        raise ValueError(f"slice {one.number} has no reading on either side")
    between = Window(float(before[-1]), float(before[-1]), float(after[0]))
    cpu = figures.cpu(own, between, server_cpus, load_cpus)
    stretched = (between.end_s - between.start_s) / (one.end_s - one.begin_s)
    others = (other for other in slices if other.arm == one.arm and other.number != one.number)
    alone = all(other.done_s <= between.start_s or other.begin_s >= between.end_s for other in others)
    return replace(
        cpu,
        server_s_per_request=cpu.server_s_per_request if alone else None,
        server_cores=cpu.server_cores * stretched,
        generator_cores=cpu.generator_cores * stretched,
        upstream_cores=cpu.upstream_cores * stretched,
    )


def _together(requests: Sequence[Requests]) -> Requests:
    names = dict.fromkeys(name for one in requests for name in one.by_error)
    by_error = {name: sum(one.by_error.get(name, 0) for one in requests) for name in names}
    counts = {
        name: sum(getattr(one, name) for one in requests) for name in ("ok", "errors", "timeouts", "dropped", "unsent")
    }
    return Requests(**counts, by_error=by_error)


def _spoiling(slices: Sequence[tuple[Problem, ...]]) -> list[Problem]:
    """The problems of the figures that half of the slices or more cannot vouch for."""
    spoilt = [
        figure
        for figure in get_args(Figure)
        if 2 * sum(any(figure in problem.voids for problem in problems) for problems in slices) >= len(slices)
    ]
    first = {problem.name: problem for problems in reversed(slices) for problem in problems}
    limited = (replace(one, voids=tuple(figure for figure in one.voids if figure in spoilt)) for one in first.values())
    return [one for one in limited if one.voids]


def _vouching(slices: Sequence[_Seen], figure: Figure) -> Sequence[_Seen]:
    """The slices that can vouch for the figure; all, where none can. One that cannot may look the best of them."""
    return [one for one in slices if not any(figure in problem.voids for problem in one.problems)] or slices


def _of_durations(found: Sequence[Distribution | None]) -> Distribution | None:
    """Of each figure the mean of the better half of the slices that have one."""
    known = [one for one in found if one is not None]
    if not known:
        return None
    names = [field.name for field in fields(Distribution)]
    return Distribution(**{name: _least_half([getattr(one, name) for one in known]) for name in names})


def _least_half(values: Sequence[float]) -> float:
    """The mean of the least half of the values, of one at least."""
    return float(np.mean(np.sort(values)[: math.ceil(len(values) / 2)]))


def _over_slices(found: Sequence[Cpu]) -> Cpu:
    """CPU per request of the better half of the slices that tell it; of all else the median of those that have it."""
    figures: dict[str, Any] = {}
    for field in fields(Cpu):
        known = [value for one in found if (value := getattr(one, field.name)) is not None]
        figures[field.name] = float(np.median(known)) if known else None
    used = [one.server_s_per_request for one in found if one.server_s_per_request is not None]
    figures["server_s_per_request"] = _least_half(used) if used else None
    return Cpu(**{**figures, "server_threads": max(one.server_threads for one in found)})
