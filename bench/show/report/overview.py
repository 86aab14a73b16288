"""The stacks under all loads of a scenario: a table for each figure, of which the reader chooses one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.cell.metrics import CPU, ERRORS, MEMORY, P50, P95, P99, THROUGHPUT, Metric, Model
from bench.judge.stacks.rows import Row
from bench.model.config import Load, Open
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.report.heat import tints
from bench.show.report.problems import notes, notes_of, value_cell
from bench.show.text.document import Cell, Choice, Column, Note, Section, Table
from bench.show.text.titles import wording
from bench.units import NOTHING, count, percent

MAIN = (THROUGHPUT, P95)
"""The figures that are shown where the reader cannot choose."""

CHOSEN_FROM = (THROUGHPUT, P50, P95, P99, MEMORY, CPU)

TINTS: Mapping[Model, str] = {
    "closed": "The better a value is among those of its table, the stronger its tint. Unreliable values have none.",
    "open": (
        "The better a value is among those of its table, the stronger its tint; an achieved rate by its share of the "
        "offered one. Unreliable values have none."
    ),
}

_ByPlace = Mapping[tuple[str, Load], Row]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of rows: what its tint goes by, None where there is none or it is unreliable; and its cell."""

    metric: Metric
    compared: Callable[[Row], float | None]
    cell: Callable[[Row, float | None], Cell]


def overview(run: Run, name: str, model: Model, rows: Sequence[Row]) -> Choice:
    """The tables of the rows of one scenario and load model. Every problem of theirs has a mark in the main tables."""
    found = {(row.stack, row.load): row for row in rows}
    figures = (*map(_measured, CHOSEN_FROM), _Figure(ERRORS, lambda row: row.failed_share, _failed))
    return Choice(
        f"{name}-figure",
        "Show",
        tuple(
            Section(
                f"{name}-{one.metric.name}",
                wording(run, one.metric, model).chart,
                (_table(found, one, model),),
                detail=one.metric not in MAIN,
            )
            for one in figures
        ),
    )


def _table(found: _ByPlace, one: _Figure, model: Model) -> Table:
    stacks = tuple(dict.fromkeys(stack for stack, _ in found))
    loads = tuple(dict.fromkeys(load for _, load in found))
    shades = dict(zip(found, tints(one.metric, [one.compared(row) for row in found.values()]), strict=True))
    cells = {place: one.cell(row, shades[place]) for place, row in found.items()}
    return Table(
        (Column("stack"), *(Column(load_name(load), "right") for load in loads)),
        tuple(
            (
                Cell(stack, notes=_others([row for (name, _), row in found.items() if name == stack], one.metric)),
                *(cells.get((stack, load), Cell(NOTHING)) for load in loads),
            )
            for stack in stacks
        ),
        key=0,
        sortable=True,
        tints=TINTS[model] if any(shade is not None for shade in shades.values()) else "",
    )


def _others(own: Iterable[Row], metric: Metric) -> tuple[Note, ...]:
    """What is said of the problems of a stack that spoil neither this figure nor a main one."""
    return tuple(note for row in own for note in notes(row) if note not in notes_of(row, (metric, *MAIN)))


def _measured(metric: Metric) -> _Figure:
    def compared(row: Row) -> float | None:
        mean = row.estimates[metric.name].mean if metric.name in row.estimates else None
        # A higher rate is achieved where a higher one was offered: what counts is how much of it.
        limit = row.load.rate_rps if metric is THROUGHPUT and isinstance(row.load, Open) else 1.0
        return None if mean is None else mean / limit

    return _Figure(metric, compared, lambda row, tint: value_cell(row, metric, tint))


def _failed(row: Row, tint: float | None) -> Cell:
    """The share of the requests that failed, and how many that are."""
    if row.failed_share is None:
        return Cell(NOTHING)
    return Cell(percent(row.failed_share), f"({count(row.failed)})", value=row.failed_share, tint=tint)
