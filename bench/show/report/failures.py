"""What failed, in words: requests that a stack did not answer as it should, and cells that could not be measured."""

from collections.abc import Iterator, Sequence

from bench.judge.cell.figures import ERROR_NAMES
from bench.judge.cell.kinds import FAILED
from bench.judge.stacks.failures import Failures, failures
from bench.judge.stacks.rows import Row
from bench.model.run import Run
from bench.show.text.titles import under
from bench.show.text.words import listed, plural
from bench.units import percent


def sentences(run: Run, own: Sequence[Row]) -> Iterator[str]:
    """What failed in the rows of one stack, with the most frequent error; nothing where nothing did.

    The scenarios and loads are named, unless it is all of them.
    """
    failed = [row for row in own if row.failures is not None]
    if failed:
        places = {(row.scenario, row.load) for row in failed}
        cells = [cell for cell in run.cells if cell.stack == own[0].stack and (cell.scenario, cell.load) in places]
        yield f"{sentence(failures(cells), '' if len(failed) == len(own) else _where(failed))}."
    dead = [(row, problem) for row in own for problem in row.problems if problem.name == FAILED]
    if dead:
        lost, rounds = sum(problem.rounds for _, problem in dead), sum(row.rounds for row, _ in dead)
        some = f" in {lost} of {plural(rounds, 'round')}" if lost < rounds else ""
        where = _where([row for row, _ in dead])
        yield f"{_capital(where)}, {own[0].stack} could not be measured{some}: {dead[0][1].detail}."


def sentence(one: Failures, where: str = "") -> str:
    """What a stack failed, without a full stop: `falim answered 97.0 % of the requests with status 503`.

    `where`: words that the sentence begins with, such as `on weather with 100 users`.
    """
    subject = f"{_capital(where)}, {one.stack}" if where else one.stack
    if not one.by_error:
        return f"{subject} served nothing"
    error, times = one.by_error[0]
    share = percent(times / one.asked)
    # Whatever has no name among the errors is the status of an answer.
    answered = f"answered {share} of the requests with {error}"
    told = f"failed {share} of the requests ({error})" if error in ERROR_NAMES.values() else answered
    total = "" if times == one.failed else f"; {percent(one.share)} failed in all"
    return f"{subject} {'served nothing: it ' if one.failed == one.asked else ''}{told}{total}"


def _where(rows: Sequence[Row]) -> str:
    """Scenarios and loads: `on weather with 10 and 100 users and on health at 100/s`."""
    loads = {row.scenario: [one.load for one in rows if one.scenario == row.scenario] for row in rows}
    return listed([f"on {scenario} {under(own)}" for scenario, own in loads.items()])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
