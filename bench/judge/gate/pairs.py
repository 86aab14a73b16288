"""How much head changed in one restart of an A/B, by its slices.

The n-th slices of base and head are a pair: they lie next to one another. The median over pairs hardly moves with what
the machine does to some of them, and does not show what befalls fewer than half. The metrics that are plain means of
all slices show that, and vary more.
"""

import math
from collections.abc import Callable, Mapping
from statistics import median

from bench.model.cell import Measurement

Change = Callable[[Measurement, Measurement], float | None]
"""From the measurements of base and head to head / base or, of shares, head - base. None where it cannot be told."""


def _pairs(figure: str, base: Measurement, head: Measurement) -> list[tuple[float, float]]:
    """The figure in the slices of each pair in which both have it."""
    both = (
        (getattr(here, figure), getattr(there, figure)) for here, there in zip(base.slices, head.slices, strict=False)
    )
    return [(here, there) for here, there in both if here is not None and there is not None]


def _median_ratio(figure: str) -> Change:
    """The median over pairs of head / base: 0 or infinity where one side's was 0 in most of them."""

    def change(base: Measurement, head: Measurement) -> float | None:
        logs = [_log(there) - _log(here) for here, there in _pairs(figure, base, head) if max(here, there) > 0]
        return math.exp(median(logs)) if logs else None

    return change


def _median_difference(figure: str) -> Change:
    """The median over pairs of head - base."""

    def change(base: Measurement, head: Measurement) -> float | None:
        found = [there - here for here, there in _pairs(figure, base, head)]
        return median(found) if found else None

    return change


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


CHANGES: Mapping[str, Change] = {
    "throughput": _median_ratio("throughput_rps"),
    "cpu": _median_ratio("server_s_per_request"),
    "p95": _median_ratio("p95_s"),
    "tail": _median_difference("slow_share"),
}
"""By the metric's name. Every other metric is compared by its value over the whole restart."""
