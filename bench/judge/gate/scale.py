"""The scale on which all metrics are compared: logarithms or plain values, with the sign set so that larger is worse.

On it a change is a difference, and a threshold is the same number in both directions: no metric needs its own rule.
"""

import math
from collections.abc import Sequence

from bench.judge.cell.metrics import Metric
from bench.judge.gate.verdict import Change

BEYOND = 700.0
"""The logarithm of a ratio that no metric reaches; floats end just above it."""


def scaled(metric: Metric, value: float) -> float:
    """A value of the metric on the scale. ValueError for a ratio's value that is not above 0."""
    return _turn(metric) * (math.log(value) if metric.compared_by == "ratio" else value)


def distance(metric: Metric, threshold: float) -> float:
    """A threshold, in the form of Gate, as a difference on the scale."""
    return math.log1p(threshold) if metric.compared_by == "ratio" else threshold


def undistance(metric: Metric, worse: float) -> float | None:
    """A difference on the scale in the form of a threshold; None where it is not finite."""
    if not math.isfinite(worse):
        return None
    return math.expm1(min(worse, BEYOND)) if metric.compared_by == "ratio" else worse


def mean(metric: Metric, values: Sequence[float]) -> float:
    """The mean of values, in and out in the metric's unit: geometric if it is compared by ratio."""
    centre = math.fsum(scaled(metric, value) for value in values) / len(values) * _turn(metric)
    return math.exp(centre) if metric.compared_by == "ratio" else centre


def plain(metric: Metric, worse: float) -> float | None:
    """A difference on the scale in the form of Change; None where it is not finite, or a ratio beyond all floats."""
    if metric.compared_by == "difference":
        return _turn(metric) * worse if math.isfinite(worse) else None
    return math.expm1(_turn(metric) * worse) if abs(worse) < BEYOND else None


def change(metric: Metric, middle: float, low: float, high: float) -> Change | None:
    """The Change of a mean difference on the scale and its interval; None where the mean is beyond all floats."""
    centre, ends = plain(metric, middle), (plain(metric, low), plain(metric, high))
    return None if centre is None else Change(centre, *ends[:: int(_turn(metric))])


def _turn(metric: Metric) -> float:
    return 1.0 if metric.better == "lower" else -1.0
