"""How a search settles: by a weighted up-and-down method.

The next window goes UP one place of the grid where the objective held, and DOWN two where it was exceeded. So the rates
come to hover where it holds in two windows of three (C. Kaernbach, Simple adaptive testing with the weighted up-down
method, 1991), and their mean is what was found. No single window decides: one that was spoilt is made up for by the
next ones. The stacks of a round settle at the same time, window by window in turn: a machine that becomes slower
meanwhile lowers the rates of all.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import count, takewhile
from statistics import fmean

from bench.judge.capacity.grid import (
    COMMON_RPS,
    LOWEST,
    MOST_UNKNOWN,
    Ask,
    Found,
    ask_at,
    doubts,
    level_of,
    rate_at,
    top_of,
)
from bench.model.search import Bounds, Step

UP, DOWN = 1, 2
PATIENCE = 5
LONGEST_STRIDE = 8
"""More than PATIENCE windows that went one way tell that the rate is far. Then the way is twice as long each time, up
to LONGEST_STRIDE times; at the turn it goes half the way back, and no window before it counts."""

COUNTED = 6
"""So many windows make the mean."""

MOST_WINDOWS, FEWEST = 14, 4
"""A search that cannot settle ends after MOST_WINDOWS, and is not known with fewer than FEWEST that count."""

BELOW = {0.8: 6, 0.5: 18}
"""So many places below a rate are these shares of it."""


class Staircase:
    """What the windows of a search that settles have come to, in their order.

    `start`: the place of the first window; `place`: that of the next. `ceiling`: the highest that may be tried, for the
    reason `because`.
    """

    def __init__(self, steps: Sequence[Step], bounds: Bounds, start: int) -> None:
        self.steps = steps
        self.ceiling = top_of(bounds.most_rps)
        self.because = bounds.most_because
        self.place = max(min(start, self.ceiling), LOWEST)
        self._counted: list[tuple[int, bool]] = []  # the place of each window, and whether it held at the ceiling
        self._unknown = Counter[int]()
        self._way: bool | None = None
        self._run = 0
        self._last = self.place
        for step in steps:
            self._add(step)

    @property
    def goes_on(self) -> bool:
        """Whether there are too few windows for the mean or the rate is far, and more may be tried."""
        settled = len(self._counted) >= COUNTED and self._run <= PATIENCE
        return not settled and len(self.steps) < MOST_WINDOWS

    @property
    def ask(self) -> Ask:
        """The next window."""
        return ask_at(self.place, "settle")

    @property
    def found(self) -> Found:
        """What the last windows come to."""
        if len(self._counted) < FEWEST or self._run > PATIENCE:
            why = doubts(self.steps)
            said = f"not settled within {len(self.steps)} windows"
            return Found("not known", why=f"{said}; {why}" if why else said)
        places, at_ceiling = zip(*self._counted[-COUNTED:], strict=True)
        if 2 * sum(at_ceiling) > len(places):
            return Found("at least", rate_at(self.ceiling), why=self.because)
        return Found("found", rate_at(fmean([*places, self.place])))

    def _add(self, step: Step) -> None:
        level, held = level_of(step.rate_rps), step.verdict == "held"
        if step.verdict == "not known":
            self._unknown[level] += 1
            if self._unknown[level] >= MOST_UNKNOWN:
                self.ceiling, self.because = max(level - 1, LOWEST), doubts([step])
                self.place = min(self.place, self.ceiling)
            return
        turned, was_far = held is not self._way, self._run > PATIENCE
        at_end = level >= self.ceiling if held else level <= LOWEST
        self._run = 1 if turned or at_end else self._run + 1
        self._way = held
        if turned and was_far:
            self._counted.clear()
            self.place = (level + self._last) // 2
        else:
            self._counted.append((level, held and at_end))
            times = min(1 << max(self._run - PATIENCE, 0), LONGEST_STRIDE)
            self.place = max(min(level + (UP if held else -DOWN) * times, self.ceiling), LOWEST)
        self._last = level


def below(rate_rps: float) -> Sequence[Ask]:
    """The windows at the shares of a rate that BELOW names; below them at twice COMMON_RPS, four times, and so on."""
    shares = [level_of(rate_rps) - places for places in BELOW.values()]
    doubled = takewhile(lambda place: place < min(shares), (level_of(COMMON_RPS * 2**times) for times in count(1)))
    return [ask_at(place, "below") for place in [*shares, *doubled] if place >= LOWEST]
