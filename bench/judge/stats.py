"""Statistics over rounds. The round is the unit: requests inside a cell are correlated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

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
    centre, variance = _moments(values)
    if len(values) == 1:
        return Estimate(values[0], None, None, tuple(values))
    low, high = _interval(centre, variance, len(values) - 1)
    return Estimate(math.exp(centre), low, high, tuple(values))


def quotient(over: Sequence[float], under: Sequence[float]) -> Estimate | None:
    """The geometric mean of `over` divided by that of `under`, with Welch's t interval of the logarithms.

    For positive values of unpaired rounds. No interval where either has a single round; None where either has none.
    `values` is the mean alone: unpaired rounds have no quotients. Source: Welch, Biometrika 34 (1947), 28-35.
    """
    if not over or not under or min(*over, *under) <= 0:
        return None
    (over_centre, over_variance), (under_centre, under_variance) = _moments(over), _moments(under)
    centre, variance = over_centre - under_centre, over_variance + under_variance
    mean = math.exp(centre)
    if len(over) == 1 or len(under) == 1:
        return Estimate(mean, None, None, (mean,))
    spread = over_variance**2 / (len(over) - 1) + under_variance**2 / (len(under) - 1)
    low, high = _interval(centre, variance, variance**2 / spread if spread else 1.0)
    return Estimate(mean, low, high, (mean,))


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """The mean of the logarithms, and the variance of that mean; 0 for a single value, of which it is not known."""
    logs = [math.log(value) for value in values]
    centre = math.fsum(logs) / len(logs)
    squares = math.fsum((log - centre) ** 2 for log in logs)
    return centre, squares / (len(logs) - 1) / len(logs) if len(logs) > 1 else 0.0


def _interval(centre: float, variance: float, freedom: float) -> tuple[float, float]:
    """The ends of Student's t interval around a mean of logarithms, as figures."""
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance)
    return math.exp(centre - reach), math.exp(centre + reach)
