"""The wrong answers of a run, as they came."""

from bench.judge.cell.wrong_answers import described
from bench.model.run import Run
from bench.show.text.document import Section, points


def section(run: Run) -> Section | None:
    """The first wrong answer of each kind that each stack gave under each scenario; None where none gave any."""
    first: dict[tuple[str, str, str], str] = {}
    for cell in run.cells:
        for one in (kept for measurement in cell.measurements for kept in measurement.wrong_answers):
            first.setdefault((cell.stack, cell.scenario, one.error), described(one))
    lines = (f"{stack} on {scenario}: {said}" for (stack, scenario, _), said in first.items())
    return Section("wrong-answers", "Wrong answers", points(lines)) if first else None
