"""Made-up A/B sessions of one gated metric, and the problems that spoil it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Finding
from bench.model.cell import Measurement, Problem
from bench.model.run import Gated, Run
from tests.unit.sessions import CLOSED, STACKS, Figures, ab_cell, ab_run, measurement

FLASK, FASTAPI = STACKS
CPU = Gated(FLASK, "weather", CLOSED, "cpu")
LATE = Problem("generator late", "requests were sent 9.00 ms after their time at P99", ("latency",))
BEHIND = Problem("falling behind", "of 900 requests that arrived 90 were added to the queue", ("latency",))
FAILING = Problem("service errors", "2.00 % of the requests failed: 200 x status 500", ("latency", "cpu"))
OK = Figures()
USUAL = Gate()


def ratios(changes: Sequence[float], *, metric: str = "cpu", others: int = 4, looks: tuple[int, ...] = ()) -> Run:
    """A session whose first gated metric changes like this, and whose others do not change."""
    cells = [
        ab_cell(FLASK, CLOSED, number, OK, replace(OK, **{metric: getattr(OK, metric) * math.exp(change)}))
        for number, change in enumerate(changes, 1)
    ]
    family = [Gated(FLASK, "weather", CLOSED, metric)] + [Gated(FLASK, "weather", CLOSED, "memory")] * others
    return ab_run(cells, restarts=len(changes), family=family, looks=looks)


def pairs(gated: Gated, twins: Sequence[tuple[Figures, Figures]], **more: Any) -> Run:
    """A session of these twins with a family of one."""
    cells = [ab_cell(gated.stack, gated.load, number, *both) for number, both in enumerate(twins, 1)]
    cells += more.pop("cells", ())
    return ab_run(cells, family=[gated], restarts=len(cells), **more)


def sliced(**columns: Sequence[float | None]) -> Measurement:
    """A measurement whose slices have these figures, one after another."""
    one = measurement(OK)
    rows = zip(*columns.values(), strict=True)
    return replace(one, slices=tuple(replace(one.slices[0], **dict(zip(columns, row, strict=True))) for row in rows))


def repeated(gated: Gated, base: Measurement, head: Measurement, restarts: int = 10) -> Run:
    """A session with a family of one, whose restarts are all like this."""
    cells = [ab_cell(gated.stack, gated.load, number, OK, OK) for number in range(1, restarts + 1)]
    return ab_run([replace(cell, measurements=(base, head)) for cell in cells], family=[gated], restarts=restarts)


def first(run: Run, gate: Gate = USUAL) -> Finding:
    """The finding on the first member of the family."""
    return judge_paired(run, gate).findings[0]
