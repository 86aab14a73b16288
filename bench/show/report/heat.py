"""How strongly the cells of a table are tinted: the better a value, the stronger."""

import math
from collections.abc import Sequence

from bench.judge.cell.metrics import Metric

LEAST = math.log(1.25)
"""The worst value has no tint only where it is so far from the best: small differences must look small."""


def tints(metric: Metric, values: Sequence[float | None]) -> tuple[float | None, ...]:
    """For each value a tint from 0 for the worst to 1 for the best, None for what is missing.

    On the logarithm of the values, or where one of them is 0 on the values themselves. All None where no two values
    differ by more than the metric's noise: there is nothing to tell apart.
    """
    known = [value for value in values if value is not None]
    if not known or not _apart(metric, min(known), max(known)):
        return (None,) * len(values)
    logarithmic = min(known) > 0
    places = [None if value is None else math.log(value) if logarithmic else value for value in values]
    found = [place for place in places if place is not None]
    low, high = min(found), max(found)
    best, span = high if metric.better == "higher" else low, max(high - low, LEAST if logarithmic else 0.0)
    return tuple(None if place is None else 1 - abs(place - best) / span for place in places)


def _apart(metric: Metric, low: float, high: float) -> bool:
    if metric.compared_by == "difference":
        return high - low > metric.noise
    return high > low * (1 + metric.noise)
