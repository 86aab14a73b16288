"""Figures that stand beside a gated one, for the reader, and decide nothing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.cell.metrics import Metric
from bench.judge.gate.evidence import Evidence, Seen
from bench.judge.gate.verdict import Beside
from bench.model.config import Scenario


@dataclass(frozen=True, slots=True)
class Companion:
    """A row of the table: what it is called, its unit, how to read it; None where there is no such figure."""

    title: str
    unit: str
    read: Callable[[Seen, Scenario], float | None]


LESS_UPSTREAM = Companion(
    "P95 less upstream",
    "s",
    lambda seen, scenario: seen.latency_s.p95 - scenario.hold_s if seen.latency_s else None,
)
PSS = Companion("PSS", "bytes", lambda seen, _: seen.memory.median.pss_bytes if seen.memory else None)

UNPAIRED: Mapping[str, tuple[Companion, ...]] = {"p95": (LESS_UPSTREAM,)}
"""By the name of the metric that they stand beside. The upstream's waits are seeded, and no work of the service."""

PAIRED: Mapping[str, tuple[Companion, ...]] = {**UNPAIRED, "memory": (PSS,)}


def companions(
    table: Mapping[str, tuple[Companion, ...]], metric: Metric, evidence: Evidence, scenario: Scenario
) -> tuple[Beside, ...]:
    """What stands beside this metric: means over the same rounds, where all of them have it."""
    found = []
    for one in table.get(metric.name, ()):
        base, head = (_mean([one.read(seen, scenario) for seen in side]) for side in (evidence.base, evidence.head))
        if base is not None and head is not None:
            found.append(Beside(one.title, one.unit, base, head))
    return tuple(found)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None
