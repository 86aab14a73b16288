"""The tables of results: the stacks under each scenario and load."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.judge.cell.metrics import METRICS, Metric, Model
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.run import Run
from bench.show.report import latencies
from bench.show.report.heat import tints
from bench.show.report.overview import overview
from bench.show.report.problems import notes, notes_of, value_cell
from bench.show.text.document import Cell, Column, Section, Table
from bench.show.text.titles import MODELS, headers, limited, load_title
from bench.units import rate, significant

RECONNECTS_OFTEN = 0.05
NEARLY_ONE = 0.95

TINTS = "The better a value is among those of its column, the stronger its tint. Unreliable values have none."


def section(run: Run, rows: Sequence[Row]) -> Section | None:
    """A section for each scenario, in it the tables of each load model; None where nothing was recorded."""
    tables: dict[str, dict[Model, dict[Load, list[Row]]]] = {}
    for row in rows:
        by_model = tables.setdefault(row.scenario, {})
        by_model.setdefault(row.load.model, {}).setdefault(row.load, []).append(row)
    scenarios = tuple(
        Section(
            f"scenario-{number}",
            run.config.scenarios[scenario].title,
            tuple(_model(run, f"scenario-{number}-{model}", model, loads) for model, loads in by_model.items()),
        )
        for number, (scenario, by_model) in enumerate(tables.items(), start=1)
    )
    return Section("results", "Results", scenarios) if scenarios else None


def _model(run: Run, name: str, model: Model, loads: Mapping[Load, Sequence[Row]]) -> Section:
    """The tables of a single load; of several an overview, with the tables of each load folded below it."""
    if len(loads) == 1:
        ((load, rows),) = loads.items()
        return _load(run, name, load, rows)
    every = [row for rows in loads.values() for row in rows]
    details = (
        replace(_load(run, f"{name}-{number}", load, rows), detail=True, folded=True)
        for number, (load, rows) in enumerate(loads.items(), start=1)
    )
    return Section(name, f"{MODELS[model].capitalize()} loads", (overview(run, name, model, every), *details))


def _load(run: Run, name: str, load: Load, rows: Sequence[Row]) -> Section:
    latency = Section(f"{name}-latency", latencies.TITLES[load.model], (latencies.table(rows),))
    return Section(name, load_title(load), (_table(run, load, rows), latency))


def _table(run: Run, load: Load, rows: Sequence[Row]) -> Table:
    numbers = (Column(header, "right") for header in (*headers(run, load.model), "rounds"))
    by_metric = [tints(metric, [_mean(row, metric) for row in rows]) for metric in METRICS]
    return Table(
        (Column("stack"), *numbers, Column("notes")),
        tuple(_row(run, row, own) for row, own in zip(rows, zip(*by_metric, strict=True), strict=True)),
        key=0,
        sortable=True,
        tints=TINTS if any(shade is not None for shades in by_metric for shade in shades) else "",
    )


def _row(run: Run, row: Row, shades: Sequence[float | None]) -> tuple[Cell, ...]:
    """The cells of a row. Each of its problems is one note, to which every value that it spoils refers."""
    planned = run.config.profile.rounds
    rounds = str(row.rounds) if row.rounds >= planned else f"{row.rounds} of {planned}"
    return (
        Cell(row.stack),
        *(value_cell(row, metric, shade) for metric, shade in zip(METRICS, shades, strict=True)),
        Cell(rounds, value=row.rounds),
        said_cell(run, row, METRICS, _allowed(row)),
    )


def said_cell(run: Run, row: Row, metrics: Sequence[Metric], more: str = "") -> Cell:
    """How the row ended, what limits the stack, `more`, and the problems of the row that spoil none of the metrics."""
    others = tuple(note for note in notes(row) if note not in notes_of(row, metrics))
    said = (_outcome(row), _limit(run, row), more, _connections(row))
    return Cell("; ".join(part for part in said if part), notes=others)


def _mean(row: Row, metric: Metric) -> float | None:
    return row.estimates[metric.name].mean if metric.name in row.estimates else None


def _outcome(row: Row) -> str:
    return "" if row.outcomes == ("ok",) else " / ".join(row.outcomes)


def _limit(run: Run, row: Row) -> str:
    return limited(row.limits, run.config.stacks[row.stack])


def _connections(row: Row) -> str:
    """How many connections were opened, where it was more than each user needs."""
    if row.connections is None or row.connections < RECONNECTS_OFTEN:
        return ""
    if row.connections >= NEARLY_ONE:
        return "a new connection for each request"
    return f"{significant(row.connections)} new connections for each request"


def _allowed(row: Row) -> str:
    return f"slots allow {rate(row.slots_rps)}" if row.slots_rps is not None else ""
