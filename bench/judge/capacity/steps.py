"""The judgement of one window of a search: its figures, and whether the objective held in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.judge.cell import figures, kinds, problems, slices
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.kinds import SERVICES_DOING
from bench.model.cell import Cpu, Neighbour, Problem, Window
from bench.model.config import Objective, Sought
from bench.model.samples import Samples
from bench.model.search import Part, Step, Verdict

LATE_SHARE = 0.05
"""A load generator whose lateness at P99 is no more than this share of the limit does not decide."""

GENERATOR_LAG = frozenset({kinds.GENERATOR_LATE.name, kinds.GENERATOR_STALLED.name})
SLOWING = GENERATOR_LAG | {kinds.LOAD_SIDE_SATURATED.name, kinds.OTHER_PROGRAMS.name}
"""Problems that can make latency longer than it is, and never shorter."""

SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
"""The share of the requests that a percentile of this name is not exceeded by."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A window of a search as it was taken: see `Step`. `number` counts the windows of all stacks of a round."""

    number: int
    rate_rps: float
    part: Part
    planned_s: float
    begin_s: float
    start_s: float
    end_s: float
    done_s: float


def most_late(objective: Objective, requests: float) -> int:
    """How many of so many requests may take longer than the limit: with one more, the percentile exceeds it."""
    return math.floor(requests) - max(math.ceil(SHARES[objective.percentile] * math.floor(requests)), 1)


def judged(
    taken: Taken, sought: Sought, conditions: Conditions, own: Samples, neighbours: Sequence[Neighbour] = ()
) -> Step:
    """The window as a step; `own`: the samples of its server, of which those scheduled in it count.

    ValueError where a reading is missing.
    """
    conditions = replace(conditions, load=sought.load(taken.rate_rps))
    window = Window(taken.begin_s, taken.start_s, taken.end_s)
    cpu = _cpu(taken, conditions, own)
    stretch = slices.stretch(conditions, own, window, cpu)
    beside = problems.other_programs(cpu, window, conditions, neighbours, None)
    spoilt = _spoilt([*stretch.problems, *([beside] if beside is not None else [])], sought.objective, own, window)
    memory = _memory(own, taken.done_s)
    verdict = _verdict(taken, sought.objective, conditions, own, window, spoilt)
    return Step(
        number=taken.number,
        rate_rps=taken.rate_rps,
        verdict=verdict,
        part=taken.part,
        planned_s=taken.planned_s,
        begin_s=taken.begin_s,
        start_s=taken.start_s,
        end_s=taken.end_s,
        done_s=taken.done_s,
        requests=stretch.requests,
        throughput_rps=stretch.throughput_rps,
        latency_s=stretch.latency_s,
        server_s_per_request=cpu.server_s_per_request,
        server_cores=None if cpu.server_s_per_request is None else cpu.server_s_per_request * stretch.throughput_rps,
        memory_bytes=memory,
        problems=tuple(spoilt),
        neighbours=tuple(neighbours) if beside is not None else (),
    )


def _cpu(taken: Taken, conditions: Conditions, own: Samples) -> Cpu:
    """The CPU of the server from the start of the load until nothing was in flight, of the load's side to its end.

    The server is read when nothing is in flight: that disturbs no window, and all that it used was for the requests
    that ended in between. The load's side is read when the load ends, because to drain an overloaded server takes long.
    """
    t_s = own.t_s[figures.reading_of(own, own.roles[0])]
    loaded = figures.cpu(own, Window(taken.begin_s, taken.begin_s, taken.end_s), conditions)
    if not len(t_s):  # the process of a service that ran already may not be known
        return loaded
    before, after = t_s[t_s <= taken.begin_s], t_s[t_s >= taken.done_s]
    if not len(before) or not len(after):
        raise ValueError(f"window {taken.number} has no reading on either side")
    whole = figures.cpu(own, Window(taken.begin_s, float(before[-1]), float(after[0])), conditions)
    beside = {name: getattr(loaded, name) for name in ("generator_cores", "upstream_cores", "load_steal", "load_other")}
    return replace(whole, **beside)


def _spoilt(found: Sequence[Problem], objective: Objective, own: Samples, window: Window) -> list[Problem]:
    """The problems that leave in doubt what the service did. A load generator that is a little late is none."""
    late = (figures.send_delay_s(own, window), figures.timer_lag_s(own, window))
    in_time = all(one is None or one.p99 <= LATE_SHARE * objective.limit_s for one in late)
    ours = SERVICES_DOING | (GENERATOR_LAG if in_time else frozenset())
    return [problem for problem in found if "latency" in problem.voids and problem.name not in ours]


def _memory(own: Samples, done_s: float) -> int | None:
    """Anonymous memory just after the window, USS where the platform does not tell it; None where neither is known."""
    later = np.flatnonzero(figures.reading_of(own, own.roles[0]) & (own.t_s >= done_s))
    if not len(later):
        return None
    found = int(own.anon_bytes[later[0]]) if own.anon_bytes[later[0]] >= 0 else int(own.uss_bytes[later[0]])
    return found if found >= 0 else None


def _verdict(
    taken: Taken,
    objective: Objective,
    conditions: Conditions,
    own: Samples,
    window: Window,
    spoilt: Sequence[Problem],
) -> Verdict:
    """Whether the percentile of all requests that were planned lies within the limit.

    A request that failed counts at the timeout. Where the window ended early, those that never came count as fast. What
    only slows answers down leaves no doubt where the objective held all the same.
    """
    took_s = figures.latencies_s(own, window, conditions.scenario.timeout_s)
    late = int(np.count_nonzero(took_s > objective.limit_s))
    planned = len(took_s)
    if window.end_s - window.start_s < taken.planned_s:
        planned = max(planned, math.floor(taken.rate_rps * taken.planned_s))
    found = figures.requests(own, window)
    failed = found.errors + found.timeouts + found.dropped
    exceeded = planned and (late > most_late(objective, planned) or failed > objective.failures * planned)
    if exceeded:
        return "not known" if spoilt else "exceeded"
    return "not known" if any(problem.name not in SLOWING for problem in spoilt) else "held"
