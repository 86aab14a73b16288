"""A measured run of one host: warm-up, a window that grows where answers are slow, and drain."""

import time
from collections.abc import Iterator

import gevent
from gevent.event import Event

from loadtests.engine.arrivals import Open, offsets_s
from loadtests.engine.plan import LoadPlan
from loadtests.engine.session import Schedule, Session, sleep_until
from loadtests.engine.told import tell

STARTS_SHARE = 0.6
"""Users start spread over this share of the warm-up, so that the last of them has its answer before the window.

An open-loop load rises to its rate over the same time.
"""

WINDOW_P95S = 3.0
GROWTH_MARGIN = 1.1
"""Requests in flight count with their age so far, and will raise the P95 when they are done."""


class WindowSession(Session):
    """The conduct of a run with one window. `answered`: the users who have an answer."""

    def __init__(self, plan: LoadPlan) -> None:
        super().__init__(plan)
        self.begun = Event()
        self.started: set[int] = set()
        self.answered: set[int] = set()
        self.spread_s = STARTS_SHARE * plan.warmup_s

    def turn(self, number: int) -> int | None:
        """See `Session.turn`.

        Users start spread over the warm-up, and each sends only one request until the last of them has started: a
        saturated server accepts about one connection in each turn of its loop (uvloop, gunicorn's threads), so late
        users would wait in its backlog for seconds and be missing from the measurement.
        """
        if number not in self.started:
            self.started.add(number)
            self.entered.set()
            self.begun.wait()
            sleep_until(self.begun_s + self.spread_s * (number + 0.5) / self.users)
        elif number not in self.answered:
            self.answered.add(number)
            sleep_until(self.begun_s + self.spread_s)
        return 0 if self.sending else None

    def schedules(self, load: Open) -> Iterator[Schedule]:
        """One schedule, from the begin of the warm-up to the end of the window."""
        self.entered.set()
        self.begun.wait()
        yield 0, (self.begun_s + offset_s for offset_s in offsets_s(load, self.spread_s)), lambda: self.end_s
        self.driven.set()

    def load(self) -> None:
        """Warm-up, window and drain."""
        plan = self.plan
        self.sending = True
        self.begun.set()
        start_s = self._warm_up()
        end_s = start_s + plan.window_s
        tell("window", start_s=start_s, end_s=end_s, answered=len(self.answered))
        while True:
            self.report_until(end_s)
            now_s = time.monotonic()
            enough_s = self.enough_s(start_s, now_s)
            longest_s = start_s + plan.window_limit_s
            if end_s - start_s >= enough_s or end_s >= longest_s:
                break
            end_s = min(max(start_s + enough_s, now_s), longest_s)
            tell("grow", end_s=end_s)
        if plan.look_s:
            tell("look")
            self.report_until(time.monotonic() + plan.look_s)
        self.end_s = max(end_s, time.monotonic()) if plan.look_s else end_s
        self.sending = False
        tell("drain", end_s=end_s)
        self.drain()

    def enough_s(self, start_s: float, now_s: float) -> float:
        """How long the window must be, as far as it is known."""
        return WINDOW_P95S * GROWTH_MARGIN * self.recorder.p95_s(start_s, now_s, self.waiting.values())

    def _warm_up(self) -> float:
        """The moment the window begins: every user has an answer, or the warm-up has lasted twice its length."""
        start_s = self.begun_s + self.plan.warmup_s
        latest_s = start_s + self.plan.warmup_s
        self.report_until(start_s)
        while len(self.answered) < self.users and start_s < latest_s:
            gevent.sleep(0.05)
            start_s = time.monotonic()
        return start_s
