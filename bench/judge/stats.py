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
    logs = [math.log(value) for value in values]
    count = len(logs)
    centre = math.fsum(logs) / count
    if count == 1:
        return Estimate(values[0], None, None, tuple(values))
    deviation = math.sqrt(math.fsum((log - centre) ** 2 for log in logs) / (count - 1))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * deviation / math.sqrt(count)
    return Estimate(math.exp(centre), math.exp(centre - reach), math.exp(centre + reach), tuple(values))
