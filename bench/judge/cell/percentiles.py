"""The latency percentile curve of a cell."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge.cell.figures import latencies_s, percentile
from bench.model.cell import Window
from bench.model.samples import Samples

STEPS = 12
"""Places of the curve for each factor of ten in the tail, evenly spaced on its logarithm."""

BEYOND = 10
"""A percentile with fewer requests beyond it rests on a handful of them, and is left out."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Latency at each percentile, as far as the samples go.

    `tails`: 1 / (1 - p), ascending, from 1: one request in so many took longer. `latency_s`: the nearest-rank
    percentile in seconds at each tail; the first is the lowest latency of all.
    """

    tails: tuple[float, ...]
    latency_s: tuple[float, ...]


def curve(samples: Samples, window: Window, timeout_s: float) -> Curve | None:
    """The curve of the requests scheduled in the window; None where none of them was sent.

    A failed request counts as it does in `figures.latencies_s`.
    """
    ordered = np.sort(latencies_s(samples, window, timeout_s))
    if len(ordered) == 0:
        return None
    tails = tuple(_tails(len(ordered)))
    return Curve(tails, tuple(percentile(ordered, 1 - 1 / tail) for tail in tails))


def joined(curves: Sequence[Curve]) -> Curve | None:
    """The curve of several rounds: at each tail that all of them have, the geometric mean; None of none."""
    if not curves:
        return None
    places = min(len(one.tails) for one in curves)
    with np.errstate(divide="ignore"):  # the mean with a latency of 0 is 0
        means_s = np.exp(np.mean([np.log(one.latency_s[:places]) for one in curves], axis=0))
    return Curve(curves[0].tails[:places], tuple(means_s.tolist()))


def _tails(count: int) -> Iterator[float]:
    """The places of a curve of so many requests: always the first, others while BEYOND of them lie beyond."""
    yield 1.0
    for step in itertools.count(1):
        tail = 10 ** (step / STEPS)
        if count / tail < BEYOND:
            return
        yield tail
