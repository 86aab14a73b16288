"""The requests of each mix or locustfile, one by one."""

from collections.abc import Sequence

from bench.judge.stacks.mixes import RouteRow, route_rows
from bench.judge.stacks.rows import Row
from bench.judge.stats.intervals import Estimate
from bench.model.run import Run
from bench.show.report.places import tables
from bench.show.text.document import Cell, Column, Section
from bench.units import NOTHING, count, interval

_COLUMNS = (
    Column("stack"),
    Column("request"),
    *(Column(name, "right") for name in ("requests", "failed", "P50", "P95", "P99")),
)


def section(run: Run, rows: Sequence[Row]) -> Section | None:
    """A table for each scenario with a mix and each load, in the order of the rows; None where no scenario has one."""
    found = tables("mixes", run, rows, route_rows(run.cells, run.config), _COLUMNS, _line)
    return Section("mixes", "Requests, one by one", found) if found else None


def _line(row: RouteRow) -> tuple[Cell, ...]:
    return (
        Cell(row.stack),
        Cell(row.name),
        Cell(count(row.asked), value=row.asked),
        Cell(count(row.failed), value=row.failed),
        *(_time(one, row.answered) for one in (row.p50, row.p95, row.p99)),
    )


def _time(found: Estimate | None, answered: bool) -> Cell:
    if found is None:
        return Cell("unreliable" if answered else NOTHING)
    return Cell(*interval(found.mean, found.low, found.high, "s"), value=found.mean)
