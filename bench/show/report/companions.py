"""What each service costs with what stands beside its server."""

from collections.abc import Sequence

from bench.judge.stacks.companions import Cost, costs
from bench.judge.stacks.rows import Row
from bench.judge.stats.intervals import Estimate
from bench.model.run import Run
from bench.show.report.places import tables
from bench.show.text.document import Cell, Column, Paragraph, Section
from bench.units import NOTHING, interval

_COLUMNS = (
    Column("stack"),
    Column("part"),
    *(Column(name, "right") for name in ("cores", "CPU per request", "memory")),
)


def section(run: Run, rows: Sequence[Row]) -> Section | None:
    """A table for each scenario and load in the order of the rows; None where no stack has companions."""
    found = tables("companions", run, rows, costs(run.cells, run.config), _COLUMNS, _line)
    if not found:
        return None
    opening = (
        "A service costs what its server and its companions use. A companion that runs elsewhere is not measured; "
        f"{NOTHING} stands where its memory may not be read."
    )
    return Section("companions", "Servers and their companions", (Paragraph(opening), *found))


def _line(one: Cost) -> tuple[Cell, ...]:
    return (
        Cell(one.stack),
        Cell(one.name),
        _value(one.cores, "cores"),
        _value(one.s_per_request, "s"),
        _value(one.memory_bytes, "bytes"),
    )


def _value(found: Estimate | None, unit: str) -> Cell:
    if found is None:
        return Cell(NOTHING)
    return Cell(*interval(found.mean, found.low, found.high, unit), value=found.mean)
