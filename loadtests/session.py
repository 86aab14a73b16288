"""A measured run inside Locust: warm-up, window and drain, told to the harness line by line."""

import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import gevent
from gevent.event import Event

from loadtests.arrivals import Open, offsets_s
from loadtests.heartbeat import beat
from loadtests.plan import LoadPlan, handed_plan
from loadtests.recording import Recorder

STARTS_SHARE = 0.6
"""Users start spread over this share of the warm-up, so that the last of them has its answer before the window.

An open load rises to its rate over the same time.
"""

WINDOW_P95S = 3.0
GROWTH_MARGIN = 1.1
"""Requests still under way count with the age that they have, and will raise the P95 when they are done."""


class Runner(Protocol):
    """What is wanted of Locust's runner."""

    def quit(self) -> None:
        """End Locust."""


class Session:
    """The conduct of one measured run.

    `sending` is true while users may begin another request. `end_s`, the window's end, is infinite until it is final.
    `waiting` holds the scheduled times of requests under way: by user if the load is closed, else by arrival.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.recorder = Recorder()
        self.waiting: dict[int, float] = {}
        self.answered: set[int] = set()
        self.sending = True
        self.begun = Event()
        self.begun_s = 0.0
        self.end_s = math.inf
        self.driven = Event()
        self.spread_s = STARTS_SHARE * plan.warmup_s
        self.users = 0 if isinstance(plan.load, Open) else plan.load.users

    def wait_for_turn(self, number: int) -> None:
        """Return when user `number` (from 0) is to begin; the one that drives an open load does so at once."""
        self.begun.wait()
        if self.users:
            starts_s = self.begun_s + self.spread_s * (number + 0.5) / self.users
            gevent.sleep(max(starts_s - time.monotonic(), 0.0))

    def wait_for_all(self) -> None:
        """Return when the last user has begun: until then each asks but once.

        A saturated server accepts a connection or so in each turn of its loop (uvloop, gunicorn's threads), so that
        users who come late would wait in its backlog for seconds, and be missing from what is measured.
        """
        gevent.sleep(max(self.begun_s + self.spread_s - time.monotonic(), 0.0))

    def arrivals(self, load: Open) -> Iterator[float]:
        """When each request of an open load is due, once the run has begun."""
        return (self.begun_s + offset_s for offset_s in offsets_s(load, self.spread_s))

    def conduct(self, runner: Runner) -> None:
        """From the first user's start to the written samples; then Locust quits, whatever happened."""
        try:
            self._conduct()
        finally:
            runner.quit()

    def _conduct(self) -> None:
        plan = self.plan
        self.begun_s = time.monotonic()
        tell("begin", warmup_s=self.begun_s)
        self.begun.set()
        beating = gevent.spawn(beat, self.begun_s, lambda: self.end_s, self.recorder.add_beat)
        start_s = self._warm_up()
        end_s = start_s + plan.window_s
        tell("window", start_s=start_s, end_s=end_s, answered=len(self.answered))
        while True:
            self._report_until(end_s)
            now_s = time.monotonic()
            enough_s = WINDOW_P95S * GROWTH_MARGIN * self.recorder.p95_s(start_s, now_s, self.waiting.values())
            longest_s = start_s + plan.window_limit_s
            if end_s - start_s >= enough_s or end_s >= longest_s:
                break
            end_s = min(max(start_s + enough_s, now_s), longest_s)
            tell("grow", end_s=end_s)
        self.end_s = end_s
        self.sending = False
        tell("drain", end_s=end_s)
        self._drain(plan.timeout_s + 1.0)
        beating.get()
        self.recorder.write(Path(plan.output))
        tell("end", requests=len(self.recorder.status), left=len(self.waiting))

    def _drain(self, longest_s: float) -> None:
        drained_s = time.monotonic() + longest_s
        if not self.users and not self.driven.wait(longest_s):
            raise RuntimeError("the schedule was not sent to its end: the driver has failed")
        while self.waiting and time.monotonic() < drained_s:
            gevent.sleep(0.02)

    def _warm_up(self) -> float:
        """The moment the window begins: every user has had an answer, or the warm-up has lasted twice its length."""
        start_s = self.begun_s + self.plan.warmup_s
        latest_s = start_s + self.plan.warmup_s
        self._report_until(start_s)
        while len(self.answered) < self.users and start_s < latest_s:
            gevent.sleep(0.05)
            start_s = time.monotonic()
        return start_s

    def _report_until(self, end_s: float) -> None:
        while (left_s := end_s - time.monotonic()) > 0:
            gevent.sleep(min(left_s, 1.0))
            recorder = self.recorder
            tell(
                "progress",
                t_s=time.monotonic(),
                done=len(recorder.status),
                failed=recorder.failed,
                waiting=len(self.waiting),
            )


def tell(event: str, **facts: float) -> None:
    """Print one JSON line for the harness."""
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def planned() -> Session | None:
    """The session that the harness asked for, or None when people run Locust themselves."""
    plan = handed_plan()
    return None if plan is None else Session(plan)
