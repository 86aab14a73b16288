"""A cell second by second, its warm-up included: whether it was steady."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.judge.cell.figures import counted_latencies_s, percentile, ranked_bytes, reading_of, sent, withheld
from bench.model.cell import Window
from bench.model.samples import Floats, Samples

BIN_S = 1.0
MOST_BINS = 600
"""A longer load has longer bins: a chart of more points shows no more."""

WHOLE = 1e-6
"""A bin that lacks less than this share of itself is whole: the ends of a window are sums of floats."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A cell second by second, in seconds since the load began; its drain is left out.

    `start_s` of each bin of `bin_s`, whole ones only: BIN_S, or as many seconds as give MOST_BINS at most;
    `throughput_rps`: right answers that finished in it; `p95_s`: of the requests scheduled in it, whenever they
    finished, None where there are none; `failed_rps`: those of them that failed or were dropped; `cores`: the CPU time
    of the server per second, from its readings interpolated at the ends of the bin, None where no reading lies in it or
    they do not reach its ends; `memory_bytes`: the median PSS (USS where the platform has no PSS) of the readings in
    it, None where there are none. What lies before `window_start_s` is the warm-up.
    """

    start_s: tuple[float, ...]
    throughput_rps: tuple[float, ...]
    p95_s: tuple[float | None, ...]
    failed_rps: tuple[float, ...]
    cores: tuple[float | None, ...]
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
    edges_s = window.warmup_s + np.arange(count + 1, dtype=np.float64) * bin_s
    right = sent(samples) & (samples.status > 0)
    failed = (samples.status < 0) & ~withheld(samples.status)
    return Timeline(
        start_s=tuple(number * bin_s for number in range(count)),
        throughput_rps=_per_second(samples.done_s[right], edges_s, bin_s),
        p95_s=_p95_s(samples, edges_s, timeout_s),
        failed_rps=_per_second(samples.scheduled_s[failed], edges_s, bin_s),
        cores=_cores(samples, edges_s, bin_s),
        memory_bytes=_memory_bytes(samples, edges_s),
        window_start_s=window.start_s - window.warmup_s,
        window_end_s=length_s,
        bin_s=bin_s,
    )


def _per_second(at_s: Floats, edges_s: Floats, bin_s: float) -> tuple[float, ...]:
    """How many of these moments lie in each bin, per second of it."""
    # Bin 0 has the moments before the first edge, the last those from the last edge on.
    counts = np.bincount(np.searchsorted(edges_s, at_s, side="right"), minlength=len(edges_s) + 1)
    return tuple(float(number) / bin_s for number in counts[1:-1])


def _grouped(at_s: Floats, values: Floats, edges_s: Floats) -> Iterator[Floats]:
    """The values whose moment lies in each bin, in ascending order: an array for each bin."""
    places = np.searchsorted(edges_s, at_s, side="right").astype(np.uint16)  # of few bits, which sort much faster
    ordered = values[np.argsort(places, kind="stable")]
    ends = np.cumsum(np.bincount(places, minlength=len(edges_s) + 1))
    for start, end in pairwise(ends[:-1]):
        yield np.sort(ordered[start:end])


def _p95_s(samples: Samples, edges_s: Floats, timeout_s: float) -> tuple[float | None, ...]:
    counted = ~withheld(samples.status)
    latencies_s = counted_latencies_s(samples, counted, timeout_s)
    found = _grouped(samples.scheduled_s[counted], latencies_s, edges_s)
    return tuple(percentile(own, 0.95) if len(own) else None for own in found)


def _memory_bytes(samples: Samples, edges_s: Floats) -> tuple[float | None, ...]:
    # Not figures.readings_in: a reading that comes just after the end belongs to the next bin alone.
    own = reading_of(samples, samples.roles[0])
    found = _grouped(samples.t_s[own], ranked_bytes(samples)[own].astype(np.float64), edges_s)
    return tuple(float(one[(len(one) - 1) // 2] + one[len(one) // 2]) / 2 if len(one) else None for one in found)


def _cores(samples: Samples, edges_s: Floats, bin_s: float) -> tuple[float | None, ...]:
    own = reading_of(samples, samples.roles[0])
    t_s, used_s = samples.t_s[own], (samples.cpu_user_s + samples.cpu_system_s)[own]
    if len(t_s) == 0:
        return (None,) * (len(edges_s) - 1)
    # Outside the readings nothing is known, and a counter that fell was not one of the same processes.
    cores = np.diff(np.interp(edges_s, t_s, used_s, left=math.nan, right=math.nan)) / bin_s
    read = np.diff(np.searchsorted(t_s, edges_s)) > 0
    return tuple(float(one) if known and one >= 0 else None for one, known in zip(cores, read, strict=True))
