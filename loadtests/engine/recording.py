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
DROPPED = -6
UNSENT = -7
ERRORS = {
    NO_CONNECTION: "no connection",
    TIMED_OUT: "timeout",
    LOST: "connection lost",
    GARBLED: "garbled answer",
    WRONG_BODY: "wrong body",
    DROPPED: "dropped",
    UNSENT: "never sent",
}
"""What takes the place of the status where no right answer came. An unexpected HTTP status is recorded negated.

Dropped: an arrival that found too many requests under way. Never sent: the generator came to it too late.
"""

LATEST = 1000
"""So many requests say how it goes; more would cost the generator time that a request may be waiting for."""


class Recorder:
    """Growing columns, one row a request, and two of the heartbeat. Times are seconds on CLOCK_MONOTONIC.

    `arm` and `slice` are those of the requests that are added from now on.
    """

    def __init__(self) -> None:
        self.arm = 0
        self.slice = 0
        self.arms = array("B")
        self.slices = array("i")
        self.scheduled_s = array("d")
        self.sent_s = array("d")
        self.done_s = array("d")
        self.status = array("h")
        self.size = array("i")
        self.failed = 0
        self.beat_s = array("d")
        self.beat_late_s = array("d")

    def add(self, scheduled_s: float, sent_s: float, done_s: float, status: int, size: int) -> None:
        """Keep one request; `size` is the body's length in bytes."""
        self.scheduled_s.append(scheduled_s)
        self.sent_s.append(sent_s)
        self.done_s.append(done_s)
        self.status.append(status)
        self.size.append(size)
        self.arms.append(self.arm)
        self.slices.append(self.slice)
        if status < 0:
            self.failed += 1

    def add_beat(self, due_s: float, late_s: float) -> None:
        """Keep one beat of the heartbeat: when it was due, and how late it came."""
        self.beat_s.append(due_s)
        self.beat_late_s.append(late_s)

    def p95_s(self, since_s: float, now_s: float, waiting: Iterable[float]) -> float:
        """The P95 latency of what was scheduled from `since_s` on, as far as it is known at `now_s`.

        `waiting` holds the scheduled times of requests under way: each counts with its age, which it will exceed, and
        at least with the P95 of those that are done. What was never sent took no time and does not count.
        """
        scheduled_s = np.array(self.scheduled_s)
        status = np.array(self.status)
        known = (scheduled_s >= since_s) & (status != DROPPED) & (status != UNSENT)
        took_s = (np.array(self.done_s) - scheduled_s)[known]
        ages_s = np.array([now_s - begun_s for begun_s in waiting if begun_s >= since_s])
        return _p95(np.concatenate([took_s, np.maximum(ages_s, _p95(took_s))]))

    def latest_p95_s(self) -> float:
        """The P95 latency of the last requests that were sent, to be shown while it runs; 0 while there are none."""
        columns = (self.scheduled_s, self.done_s, self.status)
        scheduled_s, done_s, status = (np.array(column[-LATEST:]) for column in columns)
        return _p95((done_s - scheduled_s)[(status != DROPPED) & (status != UNSENT)])

    def write(self, path: Path) -> None:
        """Write the columns, named as in a run's raw samples, to an .npz file."""
        with path.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                scheduled_s=np.array(self.scheduled_s),
                sent_s=np.array(self.sent_s),
                done_s=np.array(self.done_s),
                status=np.array(self.status),
                bytes=np.array(self.size),
                arm=np.array(self.arms),
                route=np.zeros(len(self.status), dtype="u1"),
                slice=np.array(self.slices),
                beat_s=np.array(self.beat_s),
                beat_late_s=np.array(self.beat_late_s),
            )


def _p95(values: NDArray[np.float64]) -> float:
    """The nearest-rank P95; 0 of no values."""
    if len(values) == 0:
        return 0.0
    place = math.ceil(0.95 * len(values)) - 1
    return float(np.partition(values, place)[place])  # sorting would hold up the load for milliseconds
