"""Context: figures shown beside a gated metric. They decide nothing."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.judge.gate.verdict import ContextFigure
from bench.model.cell import Measurement
from bench.model.config import Scenario


@dataclass(frozen=True, slots=True)
class Context:
    """A figure to show: its title, its unit, and how to read it; `read` gives None where there is no such figure."""

    title: str
    unit: str
    read: Callable[[Measurement, Scenario], float | None]


LESS_UPSTREAM = Context(
    "P95 less upstream",
    "s",
    lambda one, scenario: one.latency_s.p95 - scenario.hold_s if one.latency_s else None,
)
"""The upstream's delays come from a seed and are no work of the service."""

PSS = Context("PSS", "bytes", lambda one, _: one.memory.median.pss_bytes if one.memory else None)


def context_figures(
    wanted: Iterable[Context], base: Sequence[Measurement], head: Sequence[Measurement], scenario: Scenario
) -> tuple[ContextFigure, ...]:
    """The means of base and of head; a figure is left out where one of the measurements does not have it."""
    found = []
    for one in wanted:
        means = [_mean([one.read(measurement, scenario) for measurement in side]) for side in (base, head)]
        if means[0] is not None and means[1] is not None:
            found.append(ContextFigure(one.title, one.unit, means[0], means[1]))
    return tuple(found)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None
