"""The one scale that all metrics are judged on: logarithms, or plain values, turned so that larger is worse.

On it a change is a difference, a threshold the same number both ways, and no metric needs a rule of its own.
"""

import math
from collections.abc import Sequence

from bench.judge.cell.metrics import Metric
from bench.judge.gate.verdict import Change

BEYOND = 700.0
"""The logarithm of a ratio that nothing comes to: floats end just above it."""


def scaled(metric: Metric, value: float) -> float:
    """A value of the metric on the scale. ValueError for one that is not above 0, where it is compared by ratio."""
    return _turn(metric) * (math.log(value) if metric.compared_by == "ratio" else value)


def distance(metric: Metric, threshold: float) -> float:
    """How far apart two values on the scale are that differ by the threshold, as Gate has it."""
    return math.log1p(threshold) if metric.compared_by == "ratio" else threshold


def mean(metric: Metric, values: Sequence[float]) -> float:
    """The mean of values in the metric's unit: geometric where it is compared by ratio."""
    centre = math.fsum(scaled(metric, value) for value in values) / len(values) * _turn(metric)
    return math.exp(centre) if metric.compared_by == "ratio" else centre


def plain(metric: Metric, worse: float) -> float | None:
    """So much worse on the scale, as a Change has it; None where it is beyond all bounds."""
    if metric.compared_by == "difference":
        return _turn(metric) * worse if math.isfinite(worse) else None
    return math.expm1(_turn(metric) * worse) if abs(worse) < BEYOND else None


def change(metric: Metric, middle: float, low: float, high: float) -> Change | None:
    """A change and its interval on the scale, as a reader has it."""
    centre, ends = plain(metric, middle), (plain(metric, low), plain(metric, high))
    return None if centre is None else Change(centre, *ends[:: int(_turn(metric))])


def _turn(metric: Metric) -> float:
    return 1.0 if metric.better == "lower" else -1.0
