"""Statistics over rounds. The round is the unit: requests inside a cell are correlated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy  # its parts are loaded when first used

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over rounds: its geometric mean, and the interval of it; no interval from a single round."""

    mean: float
    low: float | None
    high: float | None
    values: tuple[float, ...]


def estimate(values: Sequence[float]) -> Estimate | None:
    """The geometric mean of positive values, one a round, with Student's t interval of their logarithms.

    On logarithms because figures and their noise scale together, so no interval reaches below 0. With 3 rounds the
    interval is 2.5 standard deviations to each side. None of no values, or where one is not above 0.
    """
    if not values or min(values) <= 0:
        return None
    if len(values) == 1:
        return Estimate(values[0], None, None, tuple(values))
    mean, low, high = mean_interval(_logs(values))
    return Estimate(math.exp(mean), math.exp(low), math.exp(high), tuple(values))


def mean_interval(differences: Sequence[float]) -> tuple[float, float, float]:
    """The mean of plain differences, one a round, and the low and high end of Student's t interval of it.

    In the unit of the differences. The interval of a single one is without bounds; ValueError for none.
    """
    if not differences:
        raise ValueError("there is no mean of no differences")
    mean, variance = _moments(differences)
    if len(differences) == 1:
        return mean, -math.inf, math.inf
    around = reach(variance, len(differences) - 1)
    return mean, mean - around, mean + around


def quotient(over: Sequence[float], under: Sequence[float]) -> Estimate | None:
    """The geometric mean of `over` divided by that of `under`, with Welch's t interval of the logarithms.

    For positive values of unpaired rounds. No interval where either has a single round; None where either has none.
    `values` is the mean alone: unpaired rounds have no quotients. Source: Welch, Biometrika 34 (1947), 28-35.
    """
    if not over or not under or min(*over, *under) <= 0:
        return None
    (over_centre, over_variance), (under_centre, under_variance) = _moments(_logs(over)), _moments(_logs(under))
    centre, variance = over_centre - under_centre, over_variance + under_variance
    mean = math.exp(centre)
    if len(over) == 1 or len(under) == 1:
        return Estimate(mean, None, None, (mean,))
    spread = over_variance**2 / (len(over) - 1) + under_variance**2 / (len(under) - 1)
    around = reach(variance, variance**2 / spread if spread else 1.0)
    return Estimate(mean, math.exp(centre - around), math.exp(centre + around), (mean,))


def reach(variance: float, freedom: float) -> float:
    """How far Student's t interval reaches to each side of an estimate of this variance."""
    # The quantile of scipy.stats.t, without that module: a reader of a report would wait for its import.
    return float(scipy.special.stdtrit(freedom, (1 + CONFIDENCE) / 2)) * math.sqrt(variance)


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log(value) for value in values]


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and the variance of that mean; 0 for a single value, of which it is not known."""
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return mean, squares / (len(values) - 1) / len(values) if len(values) > 1 else 0.0
