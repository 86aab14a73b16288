"""A cell second by second, its warm-up included: whether it was steady."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.judge.cell.figures import latencies_s, percentile, ranked_bytes, reading_of, throughput_rps
from bench.model.cell import Window
from bench.model.samples import Samples

BIN_S = 1.0
MOST_BINS = 600
"""A longer load has longer bins: a chart of more points shows no more, and each bin looks at all requests."""

WHOLE = 1e-6
"""A bin that lacks less than this share of itself is whole: the ends of a window are sums of floats."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A cell second by second, in seconds since the load began; its drain is left out.

    `start_s` of each bin of `bin_s`, whole ones only: BIN_S, or as many seconds as give MOST_BINS at most;
    `throughput_rps`: right answers that finished in it; `p95_s`: of the requests scheduled in it, whenever they
    finished, None where there are none; `memory_bytes`: the median PSS (USS where the platform has no PSS) of the
    readings in it, None where there are none. What lies before `window_start_s` is the warm-up.
    """

    start_s: tuple[float, ...]
    throughput_rps: tuple[float, ...]
    p95_s: tuple[float | None, ...]
    memory_bytes: tuple[float | None, ...]
    window_start_s: float
    window_end_s: float
    bin_s: float = BIN_S


def timeline(samples: Samples, window: Window, timeout_s: float) -> Timeline:
    """The time line from the begin of the load to the end of the window.

    Each bin is judged as a window of its own: a failed request counts as it does in `figures.latencies_s`.
    """
    length_s = window.end_s - window.warmup_s
    bin_s = BIN_S * max(1, math.ceil(length_s / BIN_S / MOST_BINS - WHOLE))
    count = math.floor(length_s / bin_s + WHOLE)
    edges_s = [number * bin_s for number in range(count + 1)]
    bins = [Window(window.warmup_s, window.warmup_s + start, window.warmup_s + end) for start, end in pairwise(edges_s)]
    return Timeline(
        start_s=tuple(edges_s[:-1]),
        throughput_rps=tuple(throughput_rps(samples, one) for one in bins),
        p95_s=tuple(_p95_s(samples, one, timeout_s) for one in bins),
        memory_bytes=tuple(_memory_bytes(samples, one) for one in bins),
        window_start_s=window.start_s - window.warmup_s,
        window_end_s=length_s,
        bin_s=bin_s,
    )


def _p95_s(samples: Samples, one: Window, timeout_s: float) -> float | None:
    found_s = latencies_s(samples, one, timeout_s)
    return percentile(np.sort(found_s), 0.95) if len(found_s) else None


def _memory_bytes(samples: Samples, one: Window) -> float | None:
    # Not figures.readings_in: a reading that comes just after the end belongs to the next bin alone.
    inside = reading_of(samples, samples.roles[0]) & (samples.t_s >= one.start_s) & (samples.t_s < one.end_s)
    return float(np.median(ranked_bytes(samples)[inside])) if inside.any() else None
