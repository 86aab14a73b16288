"""What is wrong with a row, as footnotes, and its figures with the marks that lead to them."""

from collections.abc import Iterable

from bench.judge.cell.kinds import KINDS
from bench.judge.cell.metrics import Metric
from bench.judge.stacks.rows import Row, RowProblem
from bench.model.config import Load
from bench.show.text.document import Cell, Note
from bench.show.text.titles import under
from bench.show.text.words import plural
from bench.units import NOTHING, figure, interval


def where(stack: str, scenario: str, load: Load) -> str:
    """A stack under a scenario and load, as part of a sentence."""
    return f"{stack} on {scenario} {under([load])}"


def notes(row: Row) -> tuple[Note, ...]:
    """One for each problem of the row."""
    problems = {problem.name: problem for problem in row.problems}
    for seen in row.voids.values():
        problems.setdefault(seen.name, seen)
    return tuple(_note(row, seen) for seen in problems.values())


def notes_of(row: Row, metrics: Iterable[Metric]) -> tuple[Note, ...]:
    """Those of the problems that spoil one of these figures."""
    spoiling = {row.voids[metric.name].name for metric in metrics if metric.name in row.voids}
    return tuple(note for note in notes(row) if note.problem in {_problem(name) for name in spoiling})


def value_cell(row: Row, metric: Metric, tint: float | None = None) -> Cell:
    """A figure with its interval, struck out where it is unreliable, with a mark for what spoils it."""
    marks = notes_of(row, (metric,))
    found = row.estimates.get(metric.name)
    if found is not None:
        parts = interval(found.mean, found.low, found.high, metric.unit)
        return Cell(*parts, notes=marks, value=found.mean, tint=tint)
    void = row.voids.get(metric.name)
    if void is None:
        return Cell(NOTHING)
    if void.figure is not None:
        return Cell(figure(void.figure, metric.unit), notes=marks, struck=True)
    return Cell("failed" if set(row.outcomes) == {"failed"} else "no value", notes=marks)


def _problem(name: str) -> str:
    """The name of a kind of problem, with what happened where the kind is known."""
    kind = KINDS.get(name)
    return name if kind is None else f"{name}: {kind.happened}"


def _note(row: Row, seen: RowProblem) -> Note:
    rounds = f" in {seen.rounds} of {plural(row.rounds, 'round')}" if row.rounds > 1 else ""
    return Note(_problem(seen.name), f"{where(row.stack, row.scenario, row.load)}{rounds}: {seen.detail}")
