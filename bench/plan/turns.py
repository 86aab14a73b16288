"""The slices of an A/B, in which base and head are under load in turn."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

SLICE_S = 0.3
SLICE_P50S = 10.0
DROPPED_P50S = 2.0
"""A slice lasts SLICE_P50S median latencies and at least SLICE_S; its first DROPPED_P50S of them do not count."""


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """A period of `length_s` in which only one arm is under load; its first `dropped_s` do not count."""

    arm: int
    length_s: float
    dropped_s: float


def slices(p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str) -> tuple[SlicePlan, ...]:
    """A slice of warm-up for each arm, then pairs of slices; each arm is first in half of them, in seeded random order.

    Each arm gets about `window_s` in total and at least one slice. `p50_s`: the median latency of base; `least_s`: the
    least length of a slice.
    """
    length_s = max(least_s, SLICE_P50S * p50_s)
    pairs = max(round(window_s / length_s), 1)
    chance = random.Random(seed)  # noqa: S311 (an order, not a secret)
    firsts = [number % 2 for number in range(pairs)]
    if pairs % 2 and chance.random() < 0.5:  # chance decides who is first in the odd pair
        firsts[-1] = 1
    chance.shuffle(firsts)
    warming = _pair(chance.randrange(2), max(warmup_s, length_s), max(warmup_s, length_s))
    return (*warming, *(one for first in firsts for one in _pair(first, length_s, DROPPED_P50S * p50_s)))


def _pair(first: int, length_s: float, dropped_s: float) -> Sequence[SlicePlan]:
    return [SlicePlan(arm, length_s, dropped_s) for arm in (first, 1 - first)]
