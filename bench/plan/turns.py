"""The slices of an A/B, in which base and head are under load in turn."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.config import Timing

SLICE_S = 0.3
SLICE_P50S = 10.0
DROPPED_P50S = 2.0
"""A slice lasts SLICE_P50S median latencies and at least SLICE_S; its first DROPPED_P50S of them do not count."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long slices are: by the median latency of base, and at least `least_s`."""

    p50_s: float
    least_s: float


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """A period of `length_s` in which one server alone is under load; its first `dropped_s` do not count."""

    measurement: int
    length_s: float
    dropped_s: float


def slices(pace: Pace, timing: Timing, seed: str) -> tuple[SlicePlan, ...]:
    """A warm-up of both servers, then pairs of slices; each server is first in half of them, in seeded random order.

    Each server gets about `timing.window_s` in total and at least one slice.
    """
    length_s = max(pace.least_s, SLICE_P50S * pace.p50_s)
    pairs = max(round(timing.window_s / length_s), 1)
    chance = random.Random(seed)  # noqa: S311 (an order, not a secret)
    firsts = [number % 2 for number in range(pairs)]
    if pairs % 2 and chance.random() < 0.5:  # chance decides who is first in the odd pair
        firsts[-1] = 1
    chance.shuffle(firsts)
    warmup_s = max(timing.warmup_s, length_s)
    warming = _pair(chance.randrange(2), warmup_s, warmup_s)
    return (*warming, *(one for first in firsts for one in _pair(first, length_s, DROPPED_P50S * pace.p50_s)))


def _pair(first: int, length_s: float, dropped_s: float) -> Sequence[SlicePlan]:
    return [SlicePlan(number, length_s, dropped_s) for number in (first, 1 - first)]
