"""P95 against the offered rate, from the windows of all searches."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.judge.capacity.grid import level_of
from bench.judge.capacity.harm import counted
from bench.model.search import Search

PLACES = 4
"""Windows at so many neighbouring places of the grid make one point of a curve: within 17 % of the rate."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One window of a search: its rate, and the percentile of the objective in seconds.

    `least`: it ended early, and the percentile is at least that. `known`: whether it was judged.
    """

    rate_rps: float
    latency_s: float
    least: bool
    known: bool


@dataclass(frozen=True, slots=True)
class RateCurve:
    """The windows of a stack under one scenario, and the medians of those at about the same rate, ascending."""

    stack: str
    seen: tuple[Seen, ...]
    points: tuple[tuple[float, float], ...]


def rate_curve(stack: str, searches: Iterable[Search]) -> RateCurve:
    """The curve of a stack's searches. A window that ended early has a latency beyond the limit, and counts as such."""
    seen = [
        Seen(
            step.rate_rps,
            float(getattr(step.latency_s, one.sought.objective.percentile)),
            least=not step.whole,
            known=step.verdict != "not known",
        )
        for one in searches
        for step in counted(one.steps)
        if step.latency_s is not None
    ]
    groups: dict[int, list[Seen]] = {}
    for window in seen:
        if window.known:
            groups.setdefault(level_of(window.rate_rps) // PLACES, []).append(window)
    points = sorted(
        (
            math.exp(float(np.mean([math.log(window.rate_rps) for window in group]))),
            float(np.median([window.latency_s for window in group])),
        )
        for group in groups.values()
    )
    return RateCurve(stack, tuple(seen), tuple(points))
