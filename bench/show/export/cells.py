"""The cells and searches of a plain run as test cases: unreliable ones are skipped, failed ones are errors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.judge.capacity.words import in_words
from bench.judge.cell.kinds import SERVICE_FAILED
from bench.judge.cell.metrics import ERRORS, FIGURES
from bench.judge.stacks.failures import MOST, failing, failures
from bench.judge.stacks.rows import comparable, grouped, rows, unmeasured
from bench.model.cell import Cell, Problem
from bench.model.config import Load
from bench.model.run import Run
from bench.model.search import Ending as SearchEnding
from bench.model.search import Search
from bench.show.export.figures import CAPACITY, measure, sought_title
from bench.show.export.junit import Case, Ending
from bench.show.text.titles import load_title
from bench.show.text.words import plural

NOT_MEASURED = "not measured"
OF_ENDINGS: Mapping[SearchEnding, Ending] = {
    "found": "passed",
    "at least": "skipped",
    "never": "skipped",
    "not known": "skipped",
    "failed": "error",
}


def cases(run: Run) -> Iterator[Case]:
    """A test case for each cell, one for the rounds of each load that were planned and not measured, one a search."""
    planned = run.config.profile.rounds
    for cells in grouped(run.cells, run.config):
        yield from map(_of_cell, cells)
        first = cells[0]
        yield from _not_measured(first.stack, first.scenario, first.load, planned - len(cells), planned)
    for stack, scenario, load in unmeasured(rows(run.cells, run.config), run.config):
        yield from _not_measured(stack, scenario, load, planned, planned)
    for one in sorted(run.searches, key=lambda search: (search.scenario, search.stack, search.round)):
        yield _of_search(one)


def _not_measured(stack: str, scenario: str, load: Load, missing: int, planned: int) -> Iterator[Case]:
    if missing > 0:
        why = f"the run ended early, without {missing} of {plural(planned, 'planned round')}"
        yield Case(stack, scenario, f"{load_title(load)}, other rounds", "skipped", NOT_MEASURED, why)


def _of_cell(cell: Cell) -> Case:
    one = cell.measurement
    ending, problems = _ending(cell)
    return Case(
        cell.stack,
        cell.scenario,
        f"{load_title(cell.load)}, round {cell.round}",
        ending,
        "" if ending == "passed" else problems[0].name if problems else one.outcome,
        _told(problems) or one.outcome,
        tuple(_figures(cell)),
        None if cell.window is None else cell.window.end_s - cell.window.start_s,
    )


def _ending(cell: Cell) -> tuple[Ending, Sequence[Problem]]:
    """How the cell ended, and the problems that are why. One that fails most requests does not serve: an error."""
    one = cell.measurement
    if one.outcome == "failed":
        return "error", one.problems
    wrong = [problem for problem in one.problems if problem.voids or problem.name in SERVICE_FAILED]
    if failing(one) and failures([cell]).share > MOST:
        return "error", sorted(wrong, key=lambda problem: problem.name not in SERVICE_FAILED)
    return ("skipped" if wrong or one.outcome != "ok" else "passed"), wrong


def _told(problems: Iterable[Problem]) -> str:
    return "; ".join(f"{problem.name}: {problem.detail}" for problem in problems)


def _figures(cell: Cell) -> Iterator[str]:
    """The reliable figures, in base units, as reading them gives them again."""
    for metric in FIGURES:
        value = comparable(metric, cell.measurement)
        if value is not None:
            named = measure(metric, cell.load)
            yield f"{named.title}: {value!r} {named.unit}"
    share = ERRORS.value(cell.measurement)
    if share is not None:
        yield f"{ERRORS.title}, as a share: {share!r}"


def _of_search(one: Search) -> Case:
    ending = OF_ENDINGS[one.ending]
    steps = one.steps
    found = one.ending == "found" and one.rate_rps is not None
    return Case(
        one.stack,
        one.scenario,
        f"capacity, {sought_title(one.sought)}, round {one.round}",
        ending,
        "" if ending == "passed" else one.ending,
        in_words(one),
        (f"{CAPACITY.title}: {one.rate_rps!r} {CAPACITY.unit}",) if found else (),
        steps[-1].done_s - steps[0].begin_s if steps else None,
    )
