"""The requests that a stack failed: how many of those that it was sent, and with which errors."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.judge.cell.kinds import SERVICE_FAILED
from bench.model.cell import Cell, Measurement

MOST = 0.5
"""A stack that fails more than this share of its requests in every cell does not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Of the `asked` requests of a stack that were scheduled in the windows of some cells, how many `failed`.

    Errors and timeouts fail. Dropped and unsent arrivals do not count at all: the stack was never sent them.
    `by_error`: how many requests each error befell, the most frequent first.
    """

    stack: str
    asked: int
    failed: int
    by_error: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        """The share of the requests that failed; 1 where there was none to answer, because the stack is stuck."""
        return self.failed / self.asked if self.asked else 1.0


def failing(one: Measurement) -> bool:
    """Whether the service failed in it. An invalid outcome may hide that, so its problems tell."""
    return any(problem.name in SERVICE_FAILED for problem in one.problems)


def failures(cells: Sequence[Cell]) -> Failures:
    """What a stack failed over these cells of it. ValueError where there is no cell."""
    if not cells:
        raise ValueError("there are no cells to count failures of")
    asked = failed = 0
    by_error: Counter[str] = Counter()
    for cell in cells:
        requests = cell.measurement.requests
        if requests is not None:
            wrong = requests.errors + requests.timeouts
            asked, failed = asked + requests.ok + wrong, failed + wrong
            by_error.update(requests.by_error)
    # Errors that are equally frequent have the order of their names, so that the same cells give the same words.
    ordered = sorted(by_error.items(), key=lambda one: (-one[1], one[0]))
    return Failures(cells[0].stack, asked, failed, tuple(ordered))


def useless(cells: Iterable[Cell]) -> tuple[Failures, ...]:
    """The stacks that failed over half of their requests, or served nothing, in every cell that was measured.

    Each with its failures over all of these cells.
    """
    by_stack: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.outcome != "failed":
            by_stack.setdefault(cell.stack, []).append(cell)
    return tuple(failures(own) for own in by_stack.values() if all(failures([cell]).share > MOST for cell in own))
