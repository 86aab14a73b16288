"""The exact recording: every request at full resolution, kept in memory and written when the load ends."""

import math
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_CONNECTION = -1
TIMED_OUT = -2
LOST = -3
GARBLED = -4
WRONG_BODY = -5
DROPPED = -6
UNSENT = -7
NO_PORT = -8
FAILED = -9
ERRORS = {
    NO_CONNECTION: "no connection",
    TIMED_OUT: "timeout",
    LOST: "connection lost",
    GARBLED: "garbled answer",
    WRONG_BODY: "wrong body",
    DROPPED: "dropped",
    UNSENT: "never sent",
    NO_PORT: "no free port",
    FAILED: "failed by its locustfile",
}
"""What stands in place of the status where no right answer came. An unexpected HTTP status is recorded negated.

Dropped: an arrival that found too many requests in flight. Never sent: the generator was too late to send it. No free
port: this machine had none left to connect from.
"""

COLUMNS = {
    "scheduled_s": "d",
    "sent_s": "d",
    "done_s": "d",
    "status": "h",
    "bytes": "i",
    "measurement": "B",
    "route": "B",
    "slice": "i",
    "new_connection": "b",
    "beat_s": "d",
    "beat_late_s": "d",
}
"""The columns and their array types: one row for each request, and of the last two one for each beat of the timer."""

Sent = tuple[float, float, int, int, bool, int]
"""A request that was sent: sent_s, done_s, status, the body's length in bytes, whether the connection was new, and its
route: its place among the scenario's requests."""

NOT_SENT = -1
"""What `new_connection` is for a request that was never sent."""

MICROSECOND_S = 2.0**-20
"""The power of two that is nearest to it: multiples of it have short fractions."""

LATEST = 1000
"""So many requests make up the live P95; more would cost the generator time that a request may be waiting for."""


class Recorder:
    """Growing columns. Times are seconds on CLOCK_MONOTONIC.

    `measurement` and `slice` are those of the requests that are added from now on.
    """

    def __init__(self) -> None:
        self.measurement = 0
        self.slice = 0
        self.failed = 0
        self.columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS.items()}

    def __len__(self) -> int:
        """The number of requests."""
        return len(self.columns["status"])

    def add(
        self,
        scheduled_s: float,
        sent_s: float,
        done_s: float,
        status: int,
        size: int,
        new_connection: int = NOT_SENT,
        route: int = 0,
    ) -> None:
        """Keep one request; `size` is the body's length in bytes, `route` its place among the scenario's requests."""
        columns = self.columns
        columns["scheduled_s"].append(scheduled_s)
        columns["sent_s"].append(sent_s)
        columns["done_s"].append(done_s)
        columns["status"].append(status)
        columns["bytes"].append(size)
        columns["measurement"].append(self.measurement)
        columns["route"].append(route)
        columns["slice"].append(self.slice)
        columns["new_connection"].append(new_connection)
        if status < 0:
            self.failed += 1

    def add_beat(self, due_s: float, late_s: float) -> None:
        """Keep one beat of the generator's timer: when it was due, and how late it was."""
        self.columns["beat_s"].append(due_s)
        self.columns["beat_late_s"].append(late_s)

    def p95_s(self, since_s: float, now_s: float, waiting: Iterable[float]) -> float:
        """The P95 latency of what was scheduled from `since_s` on, as far as it is known at `now_s`.

        `waiting` holds the scheduled times of requests in flight: each counts with its age, which it will exceed, and
        at least with the P95 of the requests that are done. What was never sent took no time and does not count.
        """
        scheduled_s, done_s, status = self._latest(0)
        took_s = (done_s - scheduled_s)[(scheduled_s >= since_s) & _sent(status)]
        ages_s = np.array([now_s - begun_s for begun_s in waiting if begun_s >= since_s])
        return _p95(np.concatenate([took_s, np.maximum(ages_s, _p95(took_s))]))

    def latest_p95_s(self) -> float:
        """The P95 latency of the last requests that were sent, to be shown meanwhile; 0 while there are none."""
        scheduled_s, done_s, status = self._latest(-LATEST)
        return _p95((done_s - scheduled_s)[_sent(status)])

    def _latest(self, first: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int16]]:
        """The scheduled time, the end and the status of the requests from place `first` on."""
        return tuple(np.array(self.columns[name][first:]) for name in ("scheduled_s", "done_s", "status"))  # type: ignore[return-value]

    def forget(self) -> None:
        """Empty the columns."""
        for column in self.columns.values():
            del column[:]

    def write(self, path: Path, *, to_the_microsecond: bool = False) -> None:
        """Write the columns, named as in a run's raw samples, to an .npz file.

        `to_the_microsecond`: times are rounded to multiples of MICROSECOND_S, which halves the size of the file.
        """
        columns = {name: np.array(column) for name, column in self.columns.items()}
        if to_the_microsecond:
            times = {name for name, code in COLUMNS.items() if code == "d"}
            columns |= {name: np.round(columns[name] / MICROSECOND_S) * MICROSECOND_S for name in times}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **columns)


def _sent(status: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which requests were sent at all."""
    sent: NDArray[np.bool_] = (status != DROPPED) & (status != UNSENT) & (status != NO_PORT)
    return sent


def _p95(values: NDArray[np.float64]) -> float:
    """The nearest-rank P95; 0 of no values."""
    if len(values) == 0:
        return 0.0
    place = math.ceil(0.95 * len(values)) - 1
    return float(np.partition(values, place)[place])  # sorting would hold up the load for milliseconds
