"""The wrong answers of a run, as they came."""

from bench.judge.cell.wrong_answers import described, first_of_each
from bench.model.run import Run
from bench.show.text.document import Section, points


def section(run: Run) -> Section | None:
    """The first wrong answer of each kind that each stack gave under each scenario; None where none gave any."""
    lines = [f"{one.stack} on {one.scenario}: {described(one.answer)}" for one in first_of_each(run.cells)]
    return Section("wrong-answers", "Wrong answers", points(lines)) if lines else None
