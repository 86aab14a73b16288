"""The table below that of each load: how many requests failed, and percentiles of the latency."""

from collections.abc import Mapping, Sequence

from bench.judge.cell.metrics import LATENCIES, Model
from bench.judge.stacks.rows import Row
from bench.show.report.problems import value_cell
from bench.show.text.document import Cell, Column, Table
from bench.units import NOTHING, count, percent

TITLES: Mapping[Model, str] = {"closed": "Latency at saturation, and failures", "open": "Latency and failures"}


def table(rows: Sequence[Row]) -> Table:
    """A row for each stack."""
    figures = ("requests", "failed", *(metric.title for metric in LATENCIES))
    return Table(
        (Column("stack"), *(Column(title, "right") for title in figures)),
        tuple(_row(row) for row in rows),
        key=0,
        sortable=True,
    )


def _row(row: Row) -> tuple[Cell, ...]:
    return (
        Cell(row.stack),
        Cell(count(row.asked), value=row.asked),
        _failed(row),
        *(value_cell(row, metric) for metric in LATENCIES),
    )


def _failed(row: Row) -> Cell:
    if row.failed_share is None:
        return Cell(NOTHING)
    share = f"({percent(row.failed_share)})" if row.failed else ""
    return Cell(count(row.failed), share, value=row.failed)
