"""Where the mean of a short series steps, if that can be told from noise that drifts.

One step: the largest of Student's t between what is before a place and what is from it on, over all places (the
likelihood ratio test of one shift). Source: Worsley, Journal of the American Statistical Association 74 (1979),
365-367. Its p is that of a Monte Carlo test: the share of simulated series without a step that have as large a t.
Source: Barnard, Journal of the Royal Statistical Society B 25 (1963), 294; Dwass, Annals of Mathematical Statistics 28
(1957), 181-187. The simulated series are normal and drift: each value has a correlation of DRIFT with the one before.
A permutation test supposes that none does, and takes drift for steps: docs/trend.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LEAST_SIDE = 2
"""Values on each side of a step: a single one may be an outlier."""

LEAST_VALUES = 5
"""Fewer values show no step."""

DRIFT = 0.3
"""The correlation of neighbours up to which false alarms are as rare as they should be."""

DRAWS, AT_ONCE = 50_000, 2_000
"""Simulated series for each p, which is at least 1 / (DRAWS + 1), and how many of them are made at a time."""

ROUNDING = 1e-12
"""Variance within the sides below this share of the whole is rounding."""

_SEED = 20140


@dataclass(frozen=True, slots=True)
class Split:
    """The likeliest step of a series: the place of the first value after it, and the p of there being none."""

    place: int
    p: float


def likeliest(values: Sequence[float], place: int | None = None) -> Split | None:
    """The likeliest step of these values, or that at `place`, if that is known beforehand; None of too few values.

    `values` are logarithms, in the order of time.
    """
    places = _places(len(values), place)
    if not places:
        return None
    found = _t(np.asarray(values, dtype=np.float64)[None, :], places)[0]
    best = int(found.argmax())
    as_large = DRAWS - int(np.searchsorted(_without_step(len(values), place), found[best], side="left"))
    return Split(places[best], (1 + as_large) / (DRAWS + 1))


def enough(count: int, place: int | None = None) -> bool:
    """Whether so many values can show a step, or one at this place."""
    return bool(_places(count, place))


def detectable(deviation: float, count: int, level: float) -> float:
    """The step in the middle of `count` values whose t is just enough for a p of `level`: half of such are found.

    In the unit of `deviation`, the standard deviation of the values around the step. Infinity for too few values, and
    for a level below the least p.
    """
    if not enough(count) or level < 1 / (DRAWS + 1):
        return math.inf
    largest = _without_step(count, None)
    critical = float(largest[min(DRAWS - math.floor(level * (DRAWS + 1)) + 1, DRAWS) - 1])
    half = count // 2
    return critical * deviation * math.sqrt(1 / half + 1 / (count - half))


def drifting(random: np.random.Generator, draws: int, count: int, drift: float) -> NDArray[np.float64]:
    """Series of standard normal values, one a row, each with this correlation with the one before it: AR(1)."""
    values = random.standard_normal((draws, count))
    values[:, 1:] *= math.sqrt(1 - drift**2)
    for place in range(1, count):
        values[:, place] += drift * values[:, place - 1]
    return values


def _places(count: int, place: int | None) -> list[int]:
    """The places at which a step may be; none of too few values."""
    if count < LEAST_VALUES:
        return []
    every = range(LEAST_SIDE, count - LEAST_SIDE + 1)
    return list(every) if place is None else [place] if place in every else []


def _t(series: NDArray[np.float64], places: Sequence[int]) -> NDArray[np.float64]:
    """The absolute t of each series (a row) at each place (a column)."""
    count = series.shape[1]
    centred = series - series[:, :1]  # first: equal values must become 0, without an error of rounding
    centred = centred - centred.mean(axis=1, keepdims=True)
    before = np.asarray(places)
    sums = np.cumsum(centred, axis=1)[:, before - 1]
    between = sums**2 * (count / (before * (count - before)))
    total = (centred**2).sum(axis=1, keepdims=True)
    within = np.maximum(total - between, ROUNDING * total)
    squared: NDArray[np.float64] = (count - 2) * between / np.where(within > 0, within, 1.0)
    return np.sqrt(squared)


@lru_cache(maxsize=512)
def _without_step(count: int, place: int | None) -> NDArray[np.float64]:
    """The largest t of DRAWS simulated series without a step, ascending; the same at every call."""
    places, random = _places(count, place), np.random.default_rng((_SEED, count))
    parts = [_t(drifting(random, AT_ONCE, count, DRIFT), places).max(axis=1) for _ in range(DRAWS // AT_ONCE)]
    return np.sort(np.concatenate(parts))
