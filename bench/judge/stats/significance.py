"""Whether a change is real: exact tests, the correction for many tests, and what a number of rounds can find."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate

import numpy as np
import scipy  # its parts are loaded when first used: they take longer than all else that a command imports
from numpy.typing import NDArray

from bench.judge.stats.intervals import CONFIDENCE

POWER = 0.95
"""The share of real changes that a session should find."""

MOST_FLIPPED = 24
"""A sign-flip test gives no more than this many signs: its least p is then below one in ten million."""

MOST_RANKED = 200
"""Up to so many values are ranked exactly, in about a second. More are approximated, well if neither side is tiny."""

ROUNDING = 1e-12
"""Two sums of differences count as equal if they are this close, as a share of the sum of all absolute values."""


def sign_flip_p(differences: Sequence[float]) -> float:
    """The exact one-sided p of a mean above 0, among all ways to give the differences a sign; 1 where all are 0.

    Flipping some differences leaves the sum as high as it was, or higher, exactly if these add up to 0 or less. So p is
    the share of all subsets, the empty one included, that add up to 0 or less. Sums within ROUNDING count as equal.
    ValueError for no differences, and for one that is not finite.

    Of more than MOST_FLIPPED differences, those that stand MOST_FLIPPED apart get one sign together. The test stays
    exact: if independent differences are symmetric about 0, the sums of disjoint groups of them are so as well.

    Source: Fisher, The Design of Experiments (1935), section 21; the search in two halves: Horowitz and Sahni, Journal
    of the ACM 21 (1974), 277-292; fewer signs: Koning and Hemerik, Biometrika, doi:10.1093/biomet/asad050.
    """
    if not differences:
        raise ValueError("a sign-flip test takes at least one difference")
    if not all(math.isfinite(difference) for difference in differences):
        raise ValueError("a sign-flip test takes finite differences only")
    signed = [math.fsum(differences[place::MOST_FLIPPED]) for place in range(min(len(differences), MOST_FLIPPED))]
    zero = ROUNDING * math.fsum(abs(difference) for difference in signed)
    if min(signed) > zero:
        return least_sign_flip_p(len(signed))
    half = len(signed) // 2
    one, other = _subset_sums(signed[:half]), np.sort(_subset_sums(signed[half:]))
    return int(np.searchsorted(other, zero - one, side="right").sum()) * least_sign_flip_p(len(signed))


def least_sign_flip_p(count: int) -> float:
    """The smallest p that a sign-flip test of so many differences can give: all of them are above 0."""
    return 2.0 ** -min(count, MOST_FLIPPED)


def mann_whitney_p(head: Sequence[float], base: Sequence[float]) -> float:
    """The exact one-sided p of unpaired rounds of head tending to be larger than those of base, ties included.

    Equal values share the mean of their ranks. Of all ways to choose head's rounds among all rounds, p is the share
    whose ranks add up to as much as head's, or more. Beyond MOST_RANKED values in all, the normal approximation with
    its corrections for continuity and ties. ValueError where a side is empty or has a NaN.
    Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947), 50-60; exact with ties: Streitberg and
    Roehmel, Statistical Software Newsletter 12 (1986), 10-17.
    """
    if not head or not base:
        raise ValueError("a Mann-Whitney test takes at least one value on each side")
    values = [*head, *base]
    if len(values) > MOST_RANKED:
        found = scipy.stats.mannwhitneyu(head, base, alternative="greater", method="asymptotic", nan_policy="raise")
        return float(found.pvalue)
    # A shared rank may be a half: twice the ranks are whole numbers.
    ranks = [round(2 * rank) for rank in scipy.stats.rankdata(values, nan_policy="raise")]
    as_high = _ways(ranks, len(head))[sum(ranks[: len(head)]) :]
    return min(1.0, float(as_high.sum()) / math.comb(len(values), len(head)))


def least_mann_whitney_p(head: int, base: int) -> float:
    """The smallest p that a Mann-Whitney test of so many rounds can give: all of head are above all of base."""
    return 1 / math.comb(head + base, head)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values of one family, in the order given, adjusted so that alpha limits the chance of any false alarm.

    Holm's step-down: the smallest p times the number of tests, the next times one fewer, and so on; each at least as
    large as the one before, none above 1. Source: Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    times = range(len(order), 0, -1)
    steps = accumulate((min(1.0, left * p_values[place]) for left, place in zip(times, order, strict=True)), max)
    adjusted = dict(zip(order, steps, strict=True))
    return tuple(adjusted[place] for place in range(len(p_values)))


def detectable(deviation: float, count: int, level: float, threshold: float = 0.0, power: float = POWER) -> float:
    """The smallest true mean that a one-sided t-test of `count` differences finds to be above `threshold`.

    In the unit of `deviation`, the standard deviation of one difference (usually of logarithms); so is `threshold`. A
    mean is found if p is at or below `level` in a share `power` of the sessions. Infinity for fewer than two
    differences; ValueError unless 0 < level < power < 1. With the fewest differences whose 2^-count reaches `level`, an
    exact sign-flip test finds a tenth fewer than the t-test (simulated); with two more, nearly as many.
    Source: the noncentral t distribution, Johnson and Welch, Biometrika 31 (1940), 362-389.
    """
    if count < 2:
        return math.inf
    return threshold + _errors_above(count - 1, level, power) * deviation / math.sqrt(count)


def detectable_unpaired(
    deviation: float, head: int, base: int, level: float, threshold: float = 0.0, power: float = POWER
) -> float:
    """The smallest true difference of two means that a one-sided t-test of so many rounds finds above `threshold`.

    Like `detectable`; `deviation` is the pooled standard deviation of one round. Infinity where a side has no round, or
    both have one.
    """
    if min(head, base) < 1 or head + base < 3:
        return math.inf
    return threshold + _errors_above(head + base - 2, level, power) * deviation * math.sqrt(1 / head + 1 / base)


def needed(
    deviation: float, margin: float, level: float, power: float = POWER, least: int = 2, most: int = 10_000
) -> int | None:
    """The fewest differences, from `least` to `most`, with which `detectable` is at most `margin`; None: none are.

    `margin`: the true mean to be found minus the threshold, in the unit of `deviation`; None if it is not above 0. A
    t-test has no smallest p, so `least` must be what the exact test needs to reach `level` at all.
    """
    return _fewest(lambda count: detectable(deviation, count, level, power=power), margin, least, most)


def needed_unpaired(
    deviation: float, margin: float, level: float, power: float = POWER, least: int = 2, most: int = 10_000
) -> int | None:
    """Like `needed`: the fewest rounds on each of two sides with which `detectable_unpaired` is at most `margin`."""
    return _fewest(lambda count: detectable_unpaired(deviation, count, count, level, power=power), margin, least, most)


def proportion_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The low and high end of the exact interval of a share, from counts; 0 and 1 without a trial.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.
    """
    if trials == 0:
        return 0.0, 1.0
    found = scipy.stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)


def upper_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The exact one-sided upper bound of a share, from counts; 1 without a trial. Source: as `proportion_interval`."""
    if trials == 0:
        return 1.0
    found = scipy.stats.binomtest(successes, trials, alternative="less").proportion_ci(confidence, method="exact")
    return float(found.high)


def _subset_sums(values: Sequence[float]) -> NDArray[np.float64]:
    """The sums of all 2^n subsets."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums


def _ways(ranks: Sequence[int], count: int) -> NDArray[np.float64]:
    """The number of ways in which `count` of the ranks add up to each whole number, from 0 to the sum of all."""
    ways = np.zeros((count + 1, sum(ranks) + 1))
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank]
    return np.asarray(ways[count])


@lru_cache(maxsize=10_000)  # a search asks for the same counts once for each figure of a family
def _errors_above(freedom: int, level: float, power: float) -> float:
    """How many standard errors a true mean must lie above the threshold for a one-sided t-test to find it."""
    if not 0 < level < power < 1:
        raise ValueError(f"0 < level < power < 1 is needed, not level {level} and power {power}")
    critical = float(scipy.stats.t.isf(level, freedom))
    # An upper bound: half of the misses allowed to an unlucky mean, the other half to an unlucky deviation.
    half = (1 - power) / 2
    longest = math.sqrt(float(scipy.stats.chi2.isf(half, freedom)) / freedom)
    enough = max(critical, 0.0) * longest + float(scipy.stats.norm.isf(half))

    def excess(above: float) -> float:
        return float(scipy.stats.nct.sf(critical, freedom, above)) - power

    return float(scipy.optimize.brentq(excess, 0.0, enough))


def _fewest(reach: Callable[[int], float], margin: float, least: int, most: int) -> int | None:
    """The fewest from `least` to `most` whose reach is at most `margin`; the reach falls as their number grows."""
    if margin <= 0:
        return None
    found = least + bisect_left(range(least, most + 1), True, key=lambda count: reach(count) <= margin)
    return found if found <= most else None
