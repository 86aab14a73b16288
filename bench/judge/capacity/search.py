"""The search for the highest arrival rate at which an objective holds: which rate to try next, or what was found.

A search first brackets the rate: up or down from where it begins until one window held and one did not, then it halves
the bracket. A search that has its bracket waits for the others of its round. Then all settle side by side, see
staircase.py, because the speed of a machine changes within minutes.
"""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median

from bench.judge.capacity.grid import (
    COMMON_RPS,
    LOWEST,
    LOWEST_RPS,
    MOST_UNKNOWN,
    Ask,
    Found,
    ask_at,
    doubts,
    level_of,
    rate_at,
    top_of,
)
from bench.judge.capacity.harm import MOST_HARMED, check, counted, harmed
from bench.judge.capacity.staircase import Staircase, below
from bench.model.search import Bounds, Part, Step
from bench.units import rate, tick

FAR_ABOVE = 4
"""A search does not begin at a rate beyond so many times what the slots allow: the queue would take long to drain."""

SAFE = 0.85
"""The share of its CPU, or of its slots, with which a stack probably still meets an objective."""

STRIDE = 2
LONGEST_STRIDE = 24
LEAP = 36
"""How far up the use of the CPU at a lower rate may lead, and how far from a rate it is near: to four times of it."""

BRACKET = 2
"""A bracket of so many places is narrow enough."""

MOST_S = 40.0
NEAR = 3
"""A search has MOST_S under load for its bracket. One no wider than NEAR places is narrow enough by then."""

ENOUGH_EXCEEDED = 2
"""At the lowest rate the objective must be exceeded so often before it is said that it never holds."""


def first_rate(slots_rps: float | None, most_rps: float) -> float:
    """Where to start with a stack of which only its slots are known, if it has any."""
    return max(min(COMMON_RPS, SAFE * (slots_rps or math.inf), most_rps), LOWEST_RPS)


def part_of(steps: Sequence[Step], part: Part) -> Sequence[Step]:
    """The windows of one part of a search."""
    return [step for step in steps if step.part == part]


def staircase(steps: Sequence[Step], bounds: Bounds) -> Staircase:
    """How a search that was bracketed settles."""
    tries = counted(steps)
    bracket = _Tally(part_of(tries, "bracket"), bounds)
    return Staircase(part_of(tries, "settle"), bounds, bracket.top if bracket.low is None else bracket.low)


def next_ask(steps: Sequence[Step], bounds: Bounds, usable_cores: int, *, restarts: bool = True) -> Ask | None:
    """The next window; None where the search has ended. A `check` is for a server started anew, if it `restarts`."""
    if restarts and (asked := check(steps)) is not None:
        return asked if len(harmed(steps)) < MOST_HARMED else None
    found = bracketing(steps, bounds, usable_cores)
    if found is not None:
        return found if isinstance(found, Ask) else None
    stairs = staircase(steps, bounds)
    if stairs.goes_on:
        return stairs.ask
    taken = {level_of(step.rate_rps) for step in part_of(counted(steps), "below")}
    asks = below(stairs.found.rate_rps) if stairs.found.rate_rps else ()
    return next((ask for ask in asks if level_of(ask.rate_rps) not in taken), None)


def outcome(steps: Sequence[Step], bounds: Bounds, usable_cores: int) -> Found | None:
    """What these steps come to; None where the search has not ended with them."""
    if len(harmed(steps)) >= MOST_HARMED and check(steps) is not None:
        return Found("not known", why=f"the server was started anew {MOST_HARMED} times, and each overload harmed it")
    if part_of(counted(steps), "settle"):
        return staircase(steps, bounds).found
    found = bracketing(steps, bounds, usable_cores)
    return found if isinstance(found, Found) else None


class _Tally:
    """Where the objective held, and where not.

    `high`: the lowest place at which the objective was exceeded; or, if `blocked`, at which no window could be judged.
    `low`: the highest place below it at which the objective held. `top`: the highest that may be tried. `because`: why
    nothing above `top`, or at a blocked place, can be tried. `expected`: where the rate is expected; `was_expected`:
    that is more than a guess, and was tried. `ups` and `downs`: how many places on the way up from there held, and how
    many on the way down did not.
    """

    def __init__(self, steps: Sequence[Step], bounds: Bounds) -> None:
        self.steps = steps
        self.bounds = bounds
        at = {
            verdict: Counter(level_of(step.rate_rps) for step in steps if step.verdict == verdict)
            for verdict in ("held", "exceeded", "not known")
        }
        held, self._exceeded, unknown = at.values()
        self.judged = {*held, *self._exceeded}
        dark = {level for level, times in unknown.items() if times >= MOST_UNKNOWN and level not in self.judged}
        higher = {*self._exceeded, *dark}
        self.high = min(higher, default=None)
        lower = [level for level in held if self.high is None or level < self.high]
        self.low = max(lower, default=None)
        self.blocked = self.high in dark
        self.top = top_of(bounds.most_rps)
        self.expected = max(min(level_of(bounds.start_rps), self.top), LOWEST)
        self.was_expected = bounds.start_rps != COMMON_RPS and self.expected in self.judged
        self.ups = sum(place >= self.expected or not self.was_expected for place in lower)
        self.downs = sum(place <= self.expected or not self.was_expected for place in higher)
        self.because = bounds.most_because
        if self.blocked:
            self.because = doubts([step for step in steps if level_of(step.rate_rps) == self.high])
        self.late = sum(step.end_s - step.begin_s for step in steps) > MOST_S

    def open(self, level: int) -> bool:
        """Whether nothing is known yet of this place, by a window there or elsewhere."""
        within = (self.low is None or self.low < level) and (self.high is None or level < self.high)
        return within and level not in self.judged

    def never(self) -> bool:
        """Whether the objective does not even hold at the lowest rate."""
        return self._exceeded[LOWEST] >= ENOUGH_EXCEEDED


def bracketing(steps: Sequence[Step], bounds: Bounds, usable_cores: int) -> Ask | Found | None:
    """What to try next: from where it begins up or down, then between the two ends. None: the rate is bracketed."""
    tally = _Tally(part_of(counted(steps), "bracket"), bounds)
    wide = math.inf if tally.low is None or tally.high is None else tally.high - tally.low
    begin = next((place for place in _begins(tally) if tally.open(place)), None)
    if tally.top < LOWEST:
        return Found("not known", why=tally.because)
    if tally.late:
        return _too_late(tally) if wide > NEAR else None
    if begin is not None:
        return _window(begin)
    if tally.high is None or tally.low is None:
        return _upwards(tally, usable_cores) if tally.high is None else _downwards(tally, tally.high, usable_cores)
    return _between(tally, tally.low, tally.high) if wide > BRACKET else None


def _between(tally: _Tally, low: int, high: int) -> Ask:
    """In the middle, or nearer to the end that is near where the rate was expected, otherwise to the upper one."""
    middle, rising = (low + high) // 2, tally.was_expected and low >= tally.expected and high - low <= LEAP
    return _window(min(middle, low + _stride(tally.ups)) if rising else max(middle, high - _stride(tally.downs)))


def _window(level: int) -> Ask:
    return ask_at(level, "bracket")


def _too_late(tally: _Tally) -> Found:
    held = f"held at {rate(rate_at(tally.low))}" if tally.low is not None else "held nowhere"
    above = f" and not at {rate(rate_at(tally.high))}" if tally.high is not None and not tally.blocked else ""
    why = doubts(tally.steps)
    return Found(
        "not known",
        why=f"not found within {MOST_S:g} s of load: the objective {held}{above}{f'; {why}' if why else ''}",
    )


def _begins(tally: _Tally) -> Sequence[int]:
    """The places to begin at: the common rate, and where the rate is expected."""
    common = level_of(COMMON_RPS)
    far = common > tally.top or (tally.bounds.slots_rps or math.inf) * FAR_ABOVE < COMMON_RPS
    return [tally.expected] if far else [common, tally.expected]


def _upwards(tally: _Tally, usable_cores: int) -> Ask | None:
    """A higher rate: near the CPU's or the slots' limit, else further up each time. None: there is none to try."""
    low = LOWEST if tally.low is None else tally.low
    if low >= tally.top:
        return None
    by_cpu = _by_cpu(tally, usable_cores)
    by_slots = level_of(tally.bounds.slots_rps) if tally.bounds.slots_rps else low + LEAP
    likely = low if by_cpu is None or tally.was_expected else min(by_cpu, by_slots, low + LEAP)
    if likely - low < LEAP // 2:  # near its limit a request may need more CPU
        likely = (low + likely) // 2
    return _window(min(max(likely, low + _stride(tally.ups)), tally.top))


def _downwards(tally: _Tally, high: int, usable_cores: int) -> Ask | Found:
    """A lower rate, the likely one or further down each time, unless there is none to try."""
    if high > LOWEST:
        lower, by_cpu = high - _stride(tally.downs), _by_cpu(tally, usable_cores)
        return _window(max(lower if by_cpu is None or tally.was_expected else min(lower, by_cpu), LOWEST))
    if tally.blocked:
        return Found("not known", why=tally.because)
    if not tally.never():
        return _window(high)
    return Found("never", 0.0, why=f"even at {tick(LOWEST_RPS)}/s, the lowest rate that is tried")


def _by_cpu(tally: _Tally, usable_cores: int) -> int | None:
    """The place that the CPU for each request leads to; None where it is not known."""
    used = [step.server_s_per_request for step in tally.steps if step.server_s_per_request]
    return level_of(max(SAFE * usable_cores / median(used), LOWEST_RPS)) if used else None


def _stride(tries: int) -> int:
    """How far to go from the last rate: twice as far each time."""
    return min(STRIDE << max(tries - 1, 0), LONGEST_STRIDE)
