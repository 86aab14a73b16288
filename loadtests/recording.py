"""The exact recording: every request at full resolution, kept in memory and written when the test stops."""

import math
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NO_CONNECTION = -1
TIMED_OUT = -2
LOST = -3
GARBLED = -4
WRONG_BODY = -5
ERRORS = {
    NO_CONNECTION: "no connection",
    TIMED_OUT: "timeout",
    LOST: "connection lost",
    GARBLED: "garbled answer",
    WRONG_BODY: "wrong body",
}
"""What takes the place of the status where no right answer came. An unexpected HTTP status is recorded negated."""


class Recorder:
    """Growing columns, one row a request. Times are seconds on CLOCK_MONOTONIC."""

    def __init__(self) -> None:
        self.scheduled_s = array("d")
        self.sent_s = array("d")
        self.done_s = array("d")
        self.status = array("h")
        self.size = array("i")
        self.failed = 0

    def add(self, scheduled_s: float, sent_s: float, done_s: float, status: int, size: int) -> None:
        """Keep one request; `size` is the body's length in bytes."""
        self.scheduled_s.append(scheduled_s)
        self.sent_s.append(sent_s)
        self.done_s.append(done_s)
        self.status.append(status)
        self.size.append(size)
        if status < 0:
            self.failed += 1

    def p95_s(self, since_s: float, now_s: float, waiting: Iterable[float]) -> float:
        """The P95 latency of what was scheduled from `since_s` on, as far as it is known at `now_s`.

        `waiting` holds the scheduled times of requests under way: each counts with its age, which it will exceed, and
        at least with the P95 of those that are done.
        """
        scheduled_s = np.array(self.scheduled_s)
        took_s = (np.array(self.done_s) - scheduled_s)[scheduled_s >= since_s]
        ages_s = np.array([now_s - begun_s for begun_s in waiting if begun_s >= since_s])
        return _p95(np.concatenate([took_s, np.maximum(ages_s, _p95(took_s))]))

    def write(self, path: Path) -> None:
        """Write the columns, named as in a run's raw samples, to an .npz file."""
        nothing = np.zeros(len(self.status), dtype="u1")
        with path.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                scheduled_s=np.array(self.scheduled_s),
                sent_s=np.array(self.sent_s),
                done_s=np.array(self.done_s),
                status=np.array(self.status),
                bytes=np.array(self.size),
                arm=nothing,
                route=nothing,
                slice=nothing,
            )


def _p95(values: NDArray[np.float64]) -> float:
    """The nearest-rank P95; 0 of no values."""
    return float(np.sort(values)[math.ceil(0.95 * len(values)) - 1]) if len(values) else 0.0
