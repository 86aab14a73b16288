"""Whether a server's memory grew with the requests that it answered: a leak, and not a pool that fills or a cache."""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts are loaded when first used: most servers do not leak

from bench.judge.cell.figures import READING_LATE_S, sent
from bench.model.cell import Window
from bench.model.samples import Floats, Samples

LEAST_READINGS = 8
LEAST_WINDOW_S = 4.0
CONFIDENCE = 0.95
LEAST_SHARE = 0.02
"""Growth within this share of the memory is noise: heaps and pools still settle."""
UNSETTLED_SHARE = 0.10
SETTLED_REQUESTS = 20
"""Until so many requests are done for each one in flight, threads still build up the heaps that they will keep: growth
within UNSETTLED_SHARE of the memory is no leak then. Measured: 500 threads that had served 4 to 8 requests each grew by
3 to 5 % in 4 s."""
QUARTERS = 4
STEADY_SHARE = 1 / 3
"""Memory that leaks grows from each quarter of the window to the next, by this share of the average at least."""
SLOWING_SHARE = 2 / 3
"""A heap that settles grows more slowly in the second half of the window: by less than this share of the first half."""
GIVEN_BACK_SHARE = 0.25
"""Memory of which more than this share of the growth is given back during the cell does not leak."""


@dataclass(frozen=True, slots=True)
class MemoryGrowth:
    """Bytes of RSS for each request done, with their 95 % interval, and the RSS at both ends of the window."""

    per_request_bytes: float
    low: float
    high: float
    start_bytes: int
    end_bytes: int


def memory_growth(samples: Samples, window: Window) -> MemoryGrowth | None:
    """How the memory of the first server grew in the window; None where it did not grow with the requests.

    None as well where the window is shorter than 4 s or has fewer than 8 readings. The slope is the median over all
    pairs of readings. Source: Sen, Estimates of the regression coefficient based on Kendall's tau, Journal of the
    American Statistical Association 63 (1968), 1379-1389.
    """
    own = samples.resident_role == 0
    t_s, rss = samples.resident_t_s[own], samples.resident_bytes[own].astype(np.float64)
    cell = (t_s >= window.warmup_s) & (t_s <= window.end_s + READING_LATE_S)
    inside = cell & (t_s >= window.start_s)
    if window.end_s - window.start_s < LEAST_WINDOW_S or int(inside.sum()) < LEAST_READINGS:
        return None
    went = sent(samples)
    begun, done = (
        np.searchsorted(np.sort(column[went]), t_s[inside]).astype(np.float64)
        for column in (samples.sent_s, samples.done_s)
    )
    memory = rss[inside]
    if not _grows_throughout(done, memory) or _given_back(rss[cell]) > GIVEN_BACK_SHARE * (memory[-1] - memory[0]):
        return None
    slope, _, low, high = scipy.stats.theilslopes(memory, done, CONFIDENCE)
    settled = done[-1] >= SETTLED_REQUESTS * float(np.median(begun - done))
    least = LEAST_SHARE if settled else UNSETTLED_SHARE
    if low * (done[-1] - done[0]) <= least * float(np.median(memory)):
        return None
    return MemoryGrowth(float(slope), float(low), float(high), int(memory[0]), int(memory[-1]))


def _grows_throughout(done: Floats, memory: Floats) -> bool:
    """Whether it grows from quarter to quarter, and in the second half about as fast as in the first."""
    steps, rises = (np.diff([np.median(part) for part in np.array_split(row, QUARTERS)]) for row in (done, memory))
    if steps.min() <= 0 or rises.sum() <= 0:
        return False
    if (rises / steps).min() < STEADY_SHARE * rises.sum() / steps.sum():
        return False
    half = len(done) // 2
    first, second = (np.polyfit(done[part], memory[part], 1)[0] for part in (slice(half), slice(half, None)))
    return bool(second >= SLOWING_SHARE * first)


def _given_back(memory: Floats) -> float:
    """The most that memory was ever below what it had been before, in bytes."""
    return float((np.maximum.accumulate(memory) - memory).max())
