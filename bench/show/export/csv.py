"""A long table for pandas and its like: a row for each figure of each cell, and of each search."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.errors import plain
from bench.judge.capacity.rows import capacity_rows
from bench.judge.cell.metrics import ERRORS, FIGURES, Metric
from bench.judge.gate.evidence import missing_on_a_side, paired
from bench.judge.gate.policy import PAIRED
from bench.judge.stacks.rows import Row, comparable, grouped, lacking, rows
from bench.judge.stats.intervals import Estimate
from bench.model.cell import SIDES, Cell
from bench.model.config import Closed, Load, Open
from bench.model.run import Run
from bench.model.search import Search
from bench.show.export.figures import CAPACITY, sought_title
from bench.show.text.titles import load_title

FILE = "figures.csv"
COLUMNS = (
    "run", "stack", "scenario", "load", "users", "rate_rps", "arrivals", "round", "side", "metric", "unit",
    "value", "reliable", "why", "over_rounds", "low", "high",
)  # fmt: skip

Line = Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of a round, None where there is none, and why it does not count; `figure`: that of all rounds."""

    value: float | None
    why: str
    figure: Estimate | None = None


def text(run: Run) -> str:
    """The table, with a line of column names. Numbers are written so that reading them gives the same float."""
    lines = [*(_plain_cells(run) if run.ab is None else _ab_cells(run)), *_searches(run)]
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return written.getvalue()


def _plain_cells(run: Run) -> Iterator[Line]:
    groups = zip(rows(run.cells, run.config), grouped(run.cells, run.config), strict=True)
    for row, cells in groups:
        for cell in cells:
            for metric in (*FIGURES, ERRORS):
                found = _failed_requests(cell) if metric is ERRORS else _of_round(metric, cell, row)
                yield {**_of_cell(run, cell), **_figure(metric, found)}


def _of_round(metric: Metric, cell: Cell, row: Row) -> _Value:
    """The value, and why it does not count in the figure of the report."""
    one, found, void = cell.measurement, row.estimates.get(metric.name), row.voids.get(metric.name)
    value, why = comparable(metric, one), ""
    if value is None:
        problem = lacking(metric, one)
        why = f"{problem.name}: {problem.detail}"
    elif found is None and void is not None:
        where = ", because in another round" if value else ""  # nothing served is no figure in its own round
        why = f"the report has no such figure{where}: {void.name}: {void.detail}"
    return _Value(metric.read(one), why, found)


def _failed_requests(cell: Cell) -> _Value:
    """The share of the requests of a cell that failed, which is no less reliable where many do."""
    one = cell.measurement
    known = ERRORS.value(one) is not None
    problem = None if known else lacking(ERRORS, one)
    return _Value(ERRORS.read(one), "" if problem is None else f"{problem.name}: {problem.detail}")


def _ab_cells(run: Run) -> Iterator[Line]:
    for cells in grouped(run.cells, run.config):
        for metric in PAIRED.metrics.values():
            evidence = paired(metric, cells)
            lost = "" if evidence.base or evidence.ruling is None else evidence.ruling.because
            for cell in cells:
                why = missing_on_a_side(metric, cell) or lost
                for side, one in zip(SIDES, cell.measurements, strict=True):
                    yield {**_of_cell(run, cell), "side": side, **_figure(metric, _Value(metric.read(one), why))}


def _searches(run: Run) -> Iterator[Line]:
    by_place: dict[tuple[str, str], list[Search]] = {}
    for one in sorted(run.searches, key=lambda search: search.round):
        by_place.setdefault((one.scenario, one.stack), []).append(one)
    for row in capacity_rows(run):
        for one in by_place[row.scenario, row.stack]:
            why = _why_not(one) or (f"in another round: {'; '.join(row.why)}" if row.at_least else "")
            yield {
                "run": run.id,
                "stack": one.stack,
                "scenario": one.scenario,
                "load": sought_title(one.sought),
                "arrivals": one.sought.arrivals,
                "round": one.round,
                "metric": CAPACITY.name,
                "unit": CAPACITY.unit,
                **_told(_Value(one.rate_rps, why, None if row.at_least else row.rate_rps)),
            }


def _why_not(one: Search) -> str:
    return "" if one.ending == "found" else f"{one.ending}: {one.why}"


def _of_cell(run: Run, cell: Cell) -> Line:
    return {
        "run": run.id,
        "stack": cell.stack,
        "scenario": cell.scenario,
        "load": load_title(cell.load),
        **_size(cell.load),
        "round": cell.round,
    }


def _size(load: Load) -> Line:
    match load:
        case Closed(users=users):
            return {"users": users}
        case Open(rate_rps=rate_rps, arrivals=arrivals):
            return {"rate_rps": rate_rps, "arrivals": arrivals}


def _figure(metric: Metric, found: _Value) -> Line:
    return {"metric": metric.name, "unit": metric.unit, **_told(found)}


def _told(found: _Value) -> Line:
    """None is an empty field."""
    around = (None, None, None) if found.figure is None else (found.figure.mean, found.figure.low, found.figure.high)
    return {
        "value": found.value,
        "reliable": "false" if found.why else "true",
        "why": plain(found.why),
        **dict(zip(COLUMNS[-3:], around, strict=True)),
    }
