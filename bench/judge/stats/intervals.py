"""Means over rounds and their confidence intervals. One value a round: requests inside a cell are correlated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import scipy  # its parts are loaded when first used

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over rounds: its geometric mean and the mean's interval, which a single round does not have."""

    mean: float
    low: float | None
    high: float | None
    values: tuple[float, ...]


def estimate(values: Sequence[float]) -> Estimate | None:
    """The geometric mean of positive values, one a round, with Student's t interval of their logarithms.

    Logarithms, because figures and their noise scale together, and no interval reaches below 0. With 3 rounds the
    interval reaches 2.5 standard deviations to each side. None without values, and where one is not above 0.
    """
    if not values or min(values) <= 0:
        return None
    if len(values) == 1:
        return Estimate(values[0], None, None, tuple(values))
    mean, low, high = mean_interval(_logs(values))
    return Estimate(math.exp(mean), math.exp(low), math.exp(high), tuple(values))


def without_interval(found: Estimate | None) -> Estimate | None:
    """The estimate of values that are no independent rounds: a mean without an interval."""
    return None if found is None else replace(found, low=None, high=None)


def quotient(over: Sequence[float], under: Sequence[float]) -> Estimate | None:
    """The geometric mean of `over` divided by that of `under`, with Welch's t interval of their logarithms.

    For positive values of unpaired rounds. No interval where either side has a single round; None where either has
    none, or a value that is not above 0. `values` has the mean alone: unpaired rounds have no quotients.
    """
    if not over or not under or min(*over, *under) <= 0:
        return None
    mean, low, high = welch_interval(_logs(over), _logs(under))
    middle = math.exp(mean)
    if math.isinf(high):
        return Estimate(middle, None, None, (middle,))
    return Estimate(middle, math.exp(low), math.exp(high), (middle,))


def mean_interval(differences: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """The mean of differences, one a round, and the low and high end of Student's t interval.

    In the unit of the differences. The ends are infinite for a single difference; ValueError for none.
    """
    if not differences:
        raise ValueError("there is no mean of no differences")
    mean, variance = _moments(differences)
    if len(differences) == 1:
        return mean, -math.inf, math.inf
    around = reach(variance, len(differences) - 1, confidence)
    return mean, mean - around, mean + around


def welch_interval(
    over: Sequence[float], under: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """The mean of `over` minus that of `under`, and the low and high end of Welch's t interval.

    For values of unpaired rounds, in their unit. The ends are infinite where either side has a single value; ValueError
    where either has none. Source: Welch, Biometrika 34 (1947), 28-35.
    """
    if not over or not under:
        raise ValueError("there is no difference of means without values on both sides")
    (over_mean, over_variance), (under_mean, under_variance) = _moments(over), _moments(under)
    mean, variance = over_mean - under_mean, over_variance + under_variance
    if len(over) == 1 or len(under) == 1:
        return mean, -math.inf, math.inf
    spread = over_variance**2 / (len(over) - 1) + under_variance**2 / (len(under) - 1)
    around = reach(variance, variance**2 / spread if spread else 1.0, confidence)
    return mean, mean - around, mean + around


def reach(variance: float, freedom: float, confidence: float = CONFIDENCE) -> float:
    """How far Student's t interval reaches to each side of an estimate with this variance."""
    # The quantile of scipy.stats.t without importing that module, which would delay every report.
    return float(scipy.special.stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(variance)


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log(value) for value in values]


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and the variance of that mean; 0 for a single value, whose variance is not known."""
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return mean, squares / (len(values) - 1) / len(values) if len(values) > 1 else 0.0
