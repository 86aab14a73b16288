"""Stacks that serve far less under an overload than they carry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.judge.capacity.rows import capacity_rows
from bench.judge.cell.metrics import THROUGHPUT
from bench.judge.stacks.rows import Row, highest
from bench.model.config import Closed
from bench.model.run import Run

COLLAPSED = 0.5
"""Far less is less than this share, by both intervals."""


@dataclass(frozen=True, slots=True)
class Collapse:
    """A stack under a closed-loop load that keeps more requests in flight than its capacity does."""

    row: Row
    served_rps: float
    carried_rps: float


def collapses(run: Run, rows: Sequence[Row]) -> Iterator[Collapse]:
    """Each stack that serves far less at its highest closed-loop load than the capacity that was found."""
    carried = {(row.scenario, row.stack): row.rate_rps for row in capacity_rows(run)}
    for row in highest(rows):
        found, served = carried.get((row.scenario, row.stack)), row.estimates.get(THROUGHPUT.name)
        if found is None or served is None or not isinstance(row.load, Closed):
            continue
        busier = row.load.users > found.mean * run.config.scenarios[row.scenario].hold_s
        if busier and (served.high or served.mean) < COLLAPSED * (found.low or found.mean):
            yield Collapse(row, served.mean, found.mean)
