"""The tables of results: the stacks under each scenario and load."""

from collections.abc import Sequence

from bench.judge.cell.metrics import METRICS, Metric
from bench.judge.stacks.rows import Row, RowProblem
from bench.model.config import Load
from bench.model.run import Run
from bench.show.text.document import Cell, Column, Note, Section, Table
from bench.show.text.titles import headers, limited, load_title, under
from bench.show.text.words import plural
from bench.units import NOTHING, figure, interval, rate, significant

RECONNECTS_OFTEN = 0.05
NEARLY_ONE = 0.95


def section(run: Run, rows: Sequence[Row]) -> Section | None:
    """A section for each scenario, in it a table for each load; None where nothing was recorded."""
    tables: dict[str, dict[Load, list[Row]]] = {}
    for row in rows:
        tables.setdefault(row.scenario, {}).setdefault(row.load, []).append(row)
    scenarios = tuple(
        Section(
            f"scenario-{number}",
            run.config.scenarios[scenario].title,
            tuple(
                Section(f"scenario-{number}-{place}", load_title(load), (_table(run, load, own),))
                for place, (load, own) in enumerate(loads.items(), start=1)
            ),
        )
        for number, (scenario, loads) in enumerate(tables.items(), start=1)
    )
    return Section("results", "Results", scenarios) if scenarios else None


def _table(run: Run, load: Load, rows: Sequence[Row]) -> Table:
    numbers = (Column(header, "right") for header in (*headers(run, load.model), "rounds"))
    return Table((Column("stack"), *numbers, Column("notes")), tuple(_row(run, row) for row in rows), 0, sortable=True)


def _row(run: Run, row: Row) -> tuple[Cell, ...]:
    """The cells of a row. Each of its problems is one note, to which every value that it spoils refers."""
    problems = {problem.name: problem for problem in row.problems}
    for seen in row.voids.values():
        problems.setdefault(seen.name, seen)
    notes = {
        name: Note(f"{where(row.stack, row.scenario, row.load)}: {_seen(seen, row)}") for name, seen in problems.items()
    }
    spoilt = {name: notes[seen.name] for name, seen in row.voids.items()}
    others = tuple(note for note in notes.values() if note not in spoilt.values())
    planned = run.config.profile.rounds
    rounds = str(row.rounds) if row.rounds >= planned else f"{row.rounds} of {planned}"
    return (
        Cell(row.stack),
        *(_figure(row, metric, (spoilt[metric.name],) if metric.name in spoilt else ()) for metric in METRICS),
        Cell(rounds, value=row.rounds),
        Cell(
            "; ".join(part for part in (_outcome(row), _limit(run, row), _allowed(row), _connections(row)) if part),
            notes=others,
        ),
    )


def _figure(row: Row, metric: Metric, notes: tuple[Note, ...]) -> Cell:
    found = row.estimates.get(metric.name)
    if found is not None:
        return Cell(*interval(found.mean, found.low, found.high, metric.unit), notes=notes, value=found.mean)
    void = row.voids.get(metric.name)
    if void is None:
        return Cell(NOTHING)
    if void.figure is not None:
        return Cell(figure(void.figure, metric.unit), notes=notes, struck=True)
    return Cell("failed" if set(row.outcomes) == {"failed"} else "no value", notes=notes)


def where(stack: str, scenario: str, load: Load) -> str:
    """A stack under a scenario and load, as part of a sentence."""
    return f"{stack} on {scenario} {under([load])}"


def _seen(seen: RowProblem, row: Row) -> str:
    rounds = f" in {seen.rounds} of {plural(row.rounds, 'round')}" if row.rounds > 1 else ""
    return f"{seen.name}{rounds}: {seen.detail}"


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
