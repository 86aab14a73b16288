"""Whose turn it is: the slices of an A/B, in which base and head alternate under load."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

SLICE_S = 0.3
SLICE_P50S = 10.0
DROPPED_P50S = 2.0
"""A slice lasts so many times the median latency, and SLICE_S at least; so many of its begin do not count."""


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """A stretch of `length_s` in which one arm alone is under load; its first `dropped_s` do not count."""

    arm: int
    length_s: float
    dropped_s: float


def slices(p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str) -> tuple[SlicePlan, ...]:
    """Both arms warmed, then pairs of slices, each arm first in half of them, in seeded random order.

    Each arm gets about `window_s` in all, and one slice at least. `p50_s`: the median latency of base; `least_s`: the
    shortest that a slice may be.
    """
    length_s = max(least_s, SLICE_P50S * p50_s)
    pairs = max(round(window_s / length_s), 1)
    chance = random.Random(seed)  # noqa: S311 (an order, not a secret)
    firsts = [number % 2 for number in range(pairs)]
    if pairs % 2 and chance.random() < 0.5:  # the odd one belongs to nobody
        firsts[-1] = 1
    chance.shuffle(firsts)
    warming = _pair(chance.randrange(2), max(warmup_s, length_s), max(warmup_s, length_s))
    return (*warming, *(one for first in firsts for one in _pair(first, length_s, DROPPED_P50S * p50_s)))


def _pair(first: int, length_s: float, dropped_s: float) -> Sequence[SlicePlan]:
    return [SlicePlan(arm, length_s, dropped_s) for arm in (first, 1 - first)]
