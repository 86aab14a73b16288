"""The search for the highest arrival rate at which an objective holds: which rate to try next, or what was found.

Rates stand on a grid of RATIO. A search first brackets the rate: up or down from where it starts until one window held
and one did not. It halves the bracket, a window for each rate, until two neighbours are left. One window of a few
seconds is easily spoilt, so neither end rests on one: at the upper end two windows of three must have exceeded the
objective, and at the lower end it must hold in a window four times as long, which an empty start flatters less.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.search import Bounds, Ending, Step
from bench.units import rate, tick

RATES_A_DECADE = 60
RATIO = 10 ** (1 / RATES_A_DECADE)
"""Neighbouring rates are 4 % apart."""

WINDOW_S = 1.5
CONFIRMING = 4
CONFIRMING_WEIGHT = 2
"""A confirming window is so many times as long, and counts twice."""

FEWEST_ARRIVALS = 80
LONGEST_WINDOW_S = 12.0
"""A window lasts until so many requests have arrived on average, but no longer than this."""

LOWEST_RPS = 1.0
FIRST_RPS = 50.0
SAFE = 0.85
"""The share of its CPU, or of its slots, with which a stack probably still meets an objective."""

BELOW = {0.8: 6, 0.5: 18}
"""So many places below a rate are these shares of it."""

STRIDE = 2
LONGEST_STRIDE = 24
LEAP = 36
"""How far up the use of the CPU at a lower rate may lead: to four times the rate."""

MOST_UNKNOWN = 3
"""A rate at which so many windows could not be judged is not tried again."""

MOST_S = 60.0
NEAR = 3
"""A search ends after MOST_S under load. What is known by then counts where its bracket is no wider than so many
places."""

LEAST_RPS = 0.001
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Ask:
    """A window to be tried next, of `length_s` seconds."""

    rate_rps: float
    length_s: float
    confirms: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended: see `Search`."""

    ending: Ending
    rate_rps: float | None = None
    above_rps: float | None = None
    why: str = ""


def level_of(rate_rps: float) -> int:
    """The place on the grid that is nearest to a rate."""
    return round(RATES_A_DECADE * math.log10(rate_rps))


def rate_at(level: int) -> float:
    """The rate at a place on the grid."""
    return math.pow(10, level / RATES_A_DECADE)


def first_rate(slots_rps: float | None, most_rps: float) -> float:
    """Where to start with a stack of which only its slots are known, if it has any."""
    return max(min(FIRST_RPS, SAFE * (slots_rps or math.inf), most_rps), LOWEST_RPS)


def next_step(steps: Sequence[Step], bounds: Bounds, usable_cores: int) -> Ask | Found:
    """What to try next after these steps, or what they come to."""
    tally = _Tally(steps, bounds)
    if sum(step.end_s - step.begin_s for step in steps) > MOST_S:
        return _out_of_time(tally)
    if tally.tied:
        return _window(tally.tied[0])
    if tally.high is None:
        return _upwards(tally, usable_cores)
    if tally.low is None:
        return _downwards(tally, tally.high)
    return _between(tally, tally.low, tally.high)


class _Tally:
    """How often the objective held, and how often not, at each place on the grid. A confirming window counts twice.

    `high`: the lowest place that is too high. There the objective was exceeded more often than it held; or, if
    `blocked`, no window could be judged, for the reason `because`. `low`: the highest place below it at which the
    objective held more often than not; `confirmed`: in a confirming window too. `tied`: places between them where a
    third window decides. `top`: the highest that may be tried, for the reason `because`.
    """

    def __init__(self, steps: Sequence[Step], bounds: Bounds) -> None:
        self.steps = steps
        self.bounds = bounds
        held, exceeded, unknown = Counter[int](), Counter[int](), Counter[int]()
        for step in steps:
            weight = CONFIRMING_WEIGHT if step.confirms else 1
            {"held": held, "exceeded": exceeded, "not known": unknown}[step.verdict][level_of(step.rate_rps)] += weight
        self._exceeded = exceeded
        self._seen = {*held, *exceeded, *unknown}
        dark = {level for level in unknown if unknown[level] >= MOST_UNKNOWN and held[level] == exceeded[level]}
        self.higher = sorted({level for level in exceeded if exceeded[level] > held[level]} | dark)
        self.high = self.higher[0] if self.higher else None
        self.blocked = self.high in dark
        self.top = _top(bounds.most_rps)
        doubts = [step for step in steps if step.verdict == "not known" and level_of(step.rate_rps) == self.high]
        self.because = bounds.most_because
        if self.blocked:
            self.because = "; ".join(problem.detail for problem in doubts[-1].problems)
        lower = [level for level in held if held[level] > exceeded[level] and (self.high is None or level < self.high)]
        self.low = max(lower, default=None)
        self.tried = len(lower)
        self.confirmed = any(
            step.confirms and step.verdict == "held" and level_of(step.rate_rps) == self.low for step in steps
        )
        self.tied = [
            level
            for level in sorted(held)
            if held[level] == exceeded[level]
            and (self.low is None or level > self.low)
            and (self.high is None or level < self.high)
        ]

    def verified(self, level: int) -> bool:
        """Whether two windows of three exceeded the objective, or none could be judged."""
        return self.blocked or self._exceeded[level] >= CONFIRMING_WEIGHT

    def seen(self, level: int) -> bool:
        """Whether there was a window at this place, however it was judged."""
        return level in self._seen

    def known(self) -> str:
        """Where the objective held and where it did not, in words."""
        held = f"held at {rate(rate_at(self.low))}" if self.low is not None else "held nowhere"
        above = f" and not at {rate(rate_at(self.high))}" if self.high is not None and not self.blocked else ""
        return f"the objective {held}{above}"


def _out_of_time(tally: _Tally) -> Found:
    doubts = "; ".join(problem.detail for step in tally.steps[-1:] for problem in step.problems)
    why = f"not settled within {MOST_S:g} s of load: {tally.known()}{f'; {doubts}' if doubts else ''}"
    if tally.low is None or tally.high is None or tally.blocked or tally.high - tally.low > NEAR:
        return Found("not known", why=why)
    return Found("found", rate_at(tally.low), rate_at(tally.high), why)


def _upwards(tally: _Tally, usable_cores: int) -> Ask | Found:
    """Nothing is too high yet: a higher rate, unless there is none to try."""
    if tally.top < level_of(LOWEST_RPS):
        return Found("not known", why=tally.because)
    if tally.low is None:
        return _window(min(level_of(tally.bounds.start_rps), tally.top))
    if tally.low < tally.top:
        return _window(min(_likely(tally, tally.low, usable_cores), tally.top))
    if not tally.confirmed:
        return _confirming(tally.low)
    return Found("at least", rate_at(tally.low), why=tally.because)


def _likely(tally: _Tally, low: int, usable_cores: int) -> int:
    """Where the objective is likely to be exceeded: near the CPU's or the slots' limit, else further up each time."""
    used = [
        step.server_s_per_request
        for step in tally.steps
        if level_of(step.rate_rps) == low and step.server_s_per_request
    ]
    by_cpu_rps = SAFE * usable_cores / used[-1] if used else LOWEST_RPS
    likely = level_of(max(min(by_cpu_rps, tally.bounds.slots_rps or math.inf), LOWEST_RPS))
    return max(min(likely, low + LEAP), low + (STRIDE if used and low >= likely else _stride(tally.tried)))


def _downwards(tally: _Tally, high: int) -> Ask | Found:
    """The objective has held nowhere yet: a lower rate, unless there is none to try."""
    lowest = level_of(LOWEST_RPS)
    if high > lowest:
        return _window(max(high - _stride(len(tally.higher)), lowest))
    if tally.blocked:
        return Found("not known", why=tally.because)
    if not tally.verified(high):
        return _window(high)
    return Found("never", 0.0, rate_at(high), why=f"even at {tick(rate_at(high))}/s, the lowest rate that is tried")


def _between(tally: _Tally, low: int, high: int) -> Ask | Found:
    """The bracket is halved, and its upper end is taken to be near the rate; then both ends are made sure of.

    At last come windows at the shares of the rate that BELOW names.
    """
    if high - low > 1:
        return _window(max((low + high) // 2, high - _stride(len(tally.higher))))
    if not tally.verified(high):
        return _window(high)
    if not tally.confirmed:
        return _confirming(low)
    below = next((low - places for places in BELOW.values() if not tally.seen(low - places)), None)
    if below is not None and below >= level_of(LOWEST_RPS):
        return _window(below)
    if tally.blocked:
        return Found("at least", rate_at(low), why=tally.because)
    return Found("found", rate_at(low), rate_at(high))


def _stride(tries: int) -> int:
    """How far to go from the last rate: twice as far each time."""
    return min(STRIDE << max(tries - 1, 0), LONGEST_STRIDE)


def _top(most_rps: float) -> int:
    """The highest place on the grid that is no more than this rate."""
    return math.floor(RATES_A_DECADE * math.log10(max(most_rps, LEAST_RPS)) + ROUNDING)


def _window(level: int) -> Ask:
    return Ask(rate_at(level), _length_s(level), confirms=False)


def _confirming(level: int) -> Ask:
    return Ask(rate_at(level), CONFIRMING * _length_s(level), confirms=True)


def _length_s(level: int) -> float:
    return min(max(WINDOW_S, FEWEST_ARRIVALS / rate_at(level)), LONGEST_WINDOW_S)
