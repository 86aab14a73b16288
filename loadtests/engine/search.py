"""A search for capacity: windows of an open-loop load, each at the host and the rate that the harness asks for."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gevent
from gevent.event import Event
from gevent.fileobject import FileObject

from loadtests.engine.arrivals import Open, offsets_s
from loadtests.engine.plan import LoadPlan, WindowPlan
from loadtests.engine.session import Schedule, Session, sleep_until
from loadtests.engine.told import tell

GAP_S = 0.03
"""Seconds without a request before each window."""

POLL_S = 0.02


def asked() -> Iterator[WindowPlan]:
    """Each window as the harness asks for it."""
    for line in FileObject(sys.stdin.buffer, "rb"):
        yield WindowPlan(**json.loads(line))


class SearchSession(Session):
    """The conduct of a search. `late`: the requests of this window that were late or failed."""

    def __init__(self, plan: LoadPlan) -> None:
        super().__init__(plan)
        self.opened = Event()
        self.over = False
        self.window: WindowPlan | None = None
        self.begin_s = self.start_s = 0.0
        self.window_end_s = 0.0
        self.late = 0

    def turn(self, number: int) -> int | None:  # noqa: ARG002 (nobody but the driver sends)
        """See `Session.turn`."""
        return None

    def schedules(self, load: Open) -> Iterator[Schedule]:
        """One for each window, once it begins."""
        self.entered.set()
        while True:
            self.opened.wait()
            if self.over or self.window is None:
                return
            asked = replace(load, rate_rps=self.window.rate_rps, seed=self.window.seed)
            arrivals = (self.begin_s + offset_s for offset_s in offsets_s(asked, ramp_s=0.0))
            yield self.window.measurement, arrivals, lambda: self.window_end_s
            self.opened.clear()
            self.driven.set()

    def keep(
        self,
        scheduled_s: float,
        sent_s: float,
        done_s: float,
        status: int,
        size: int,
        new_connection: int,
        route: int,
    ) -> None:
        """Record one request; count it where it was late."""
        super().keep(scheduled_s, sent_s, done_s, status, size, new_connection, route)
        if self.window is not None and scheduled_s >= self.start_s:
            self.late += status < 0 or done_s - scheduled_s > self.window.late_s

    def load(self) -> None:
        """Every window that is asked for, until stdin ends."""
        for window in asked():
            self._measure(window)
            if self.waiting:
                break
        self.over = True
        self.end_s = time.monotonic()
        self.opened.set()

    def _measure(self, window: WindowPlan) -> None:
        self.window, self.late = window, 0
        self.recorder.measurement, self.recorder.slice = window.measurement, window.number
        self.begin_s = time.monotonic() + GAP_S
        self.start_s = self.begin_s + window.lead_s
        self.window_end_s = self.start_s + window.window_s
        tell("window", start_s=self.start_s, end_s=self.window_end_s)
        sleep_until(self.begin_s)
        self.driven.clear()
        self.opened.set()
        while (left_s := self.window_end_s - time.monotonic()) > 0:
            gevent.sleep(min(left_s, POLL_S))
            if self.late + self._overdue(window) > window.most_late:
                self.window_end_s = min(max(time.monotonic(), self.start_s), self.window_end_s)
        tell("cut", end_s=self.window_end_s)
        self.drain()
        self.recorder.write(Path(window.output), to_the_microsecond=True)
        self.recorder.forget()
        tell(
            "measured",
            number=window.number,
            begin_s=self.begin_s,
            start_s=self.start_s,
            end_s=self.window_end_s,
            done_s=time.monotonic(),
        )

    def _overdue(self, window: WindowPlan) -> int:
        """The requests in flight, scheduled in the window, that are late already."""
        latest_s = time.monotonic() - window.late_s
        count = 0
        for scheduled_s in self.waiting.values():  # in the order of their arrival
            if scheduled_s > latest_s:
                break
            count += scheduled_s >= self.start_s
        return count
