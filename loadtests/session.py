"""A measured run inside Locust: warm-up, window and drain, told to the harness line by line.

The harness names a JSON file in the environment variable LOAD_PLAN; without it a locustfile is an ordinary one.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.runners import Runner

from loadtests.recording import Recorder

STARTS_SHARE = 0.6
"""Users start spread over this share of the warm-up, so that the last of them has its answer before the window."""

WINDOW_P95S = 3.0
GROWTH_MARGIN = 1.1
"""Requests still under way count with the age that they have, and will raise the P95 when they are done."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What the harness wants: N users without think time; seconds of timeout, warm-up, window and its limit."""

    hosts: list[str]
    load: dict[str, Any]
    timeout_s: float
    warmup_s: float
    window_s: float
    window_limit_s: float
    output: str
    path: str | None
    status: int
    body: str | None


class Session:
    """The conduct of one measured run. `sending` is true while users may begin another request."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.recorder = Recorder()
        self.waiting: dict[int, float] = {}
        self.answered: set[int] = set()
        self.sending = True
        self.begun = Event()
        self.begun_s = 0.0

    def wait_for_turn(self, number: int) -> None:
        """Return when user `number` (from 0) is to begin."""
        self.begun.wait()
        spread_s = STARTS_SHARE * self.plan.warmup_s
        starts_s = self.begun_s + spread_s * (number + 0.5) / self.plan.load["users"]
        gevent.sleep(max(starts_s - time.monotonic(), 0.0))

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
        start_s = self._warm_up()
        end_s = start_s + plan.window_s
        tell("window", start_s=start_s, end_s=end_s)
        while True:
            self._report_until(end_s)
            now_s = time.monotonic()
            enough_s = WINDOW_P95S * GROWTH_MARGIN * self.recorder.p95_s(start_s, now_s, self.waiting.values())
            longest_s = start_s + plan.window_limit_s
            if end_s - start_s >= enough_s or end_s >= longest_s:
                break
            end_s = min(max(start_s + enough_s, now_s), longest_s)
            tell("grow", end_s=end_s)
        self.sending = False
        tell("drain", end_s=end_s)
        drained_s = time.monotonic() + plan.timeout_s + 1.0
        while self.waiting and time.monotonic() < drained_s:
            gevent.sleep(0.02)
        self.recorder.write(Path(plan.output))
        tell("end", requests=len(self.recorder.status), left=len(self.waiting))

    def _warm_up(self) -> float:
        """The moment the window begins: every user has had an answer, or the warm-up has lasted twice its length."""
        start_s = self.begun_s + self.plan.warmup_s
        latest_s = start_s + self.plan.warmup_s
        self._report_until(start_s)
        while len(self.answered) < self.plan.load["users"] and start_s < latest_s:
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
    name = os.environ.get("LOAD_PLAN")
    return Session(LoadPlan(**json.loads(Path(name).read_text(encoding="utf-8")))) if name else None
