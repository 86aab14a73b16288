"""A measured run inside Locust, reported to the harness line by line: what a window and slices have in common."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from loadtests.engine.arrivals import Open
from loadtests.engine.beats import beat
from loadtests.engine.plan import LoadPlan
from loadtests.engine.recording import Recorder
from loadtests.engine.told import tell
from loadtests.engine.wrong_answers import WrongAnswers

Schedule = tuple[int, Iterator[float], Callable[[], float]]
"""A host's number, when each request is due, and the end as far as it is known: infinite until it is."""

LOGINS = 10
"""So many users log in at the same time: to check a password costs a server a tenth of a second of CPU."""

SILENT_S = 5.0
"""A locustfile whose users take no part in the run for so long will not do so later."""


class Runner(Protocol):
    """What is wanted of Locust's runner."""

    def quit(self) -> None:
        """End Locust."""


class Session:
    """The conduct of one measured run.

    `sending` is true while users may begin another request. `end_s`, when all sending ends, is infinite until it is
    final. `waiting` holds the scheduled times of requests in flight: by user for a closed-loop load, else by arrival.
    `logged_in` is set once every user has logged in or one could not, which `refused` says in words; `entered` once one
    takes part.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.recorder = Recorder()
        self.wrong_answers = WrongAnswers()
        self.waiting: dict[int, float] = {}
        self.sending = False
        self.begun_s = 0.0
        self.end_s = math.inf
        self.driven = Event()
        self.entered = Event()
        self.logged_in = Event()
        self.logins = 0
        self.refused = ""
        self.at_once = BoundedSemaphore(LOGINS)
        self.users = 0 if isinstance(plan.load, Open) else plan.load.users

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
        """Record one request of an open-loop load: see `Recorder.add`."""
        self.recorder.add(scheduled_s, sent_s, done_s, status, size, new_connection, route)

    @property
    def logs_in(self) -> bool:
        """Whether users log in before the load begins."""
        return self.plan.asked is not None and self.plan.asked["login"] is not None

    def turn(self, number: int) -> int | None:
        """The number of the host that user `number` (from 0) sends to next, once it may; None when the load is over."""
        raise NotImplementedError

    def schedules(self, load: Open) -> Iterator[Schedule]:
        """What the driver of an open-loop load sends, schedule after schedule, each once it begins."""
        raise NotImplementedError

    def expect_users(self, locustfile: str) -> None:
        """Return once a user takes part in the run; exit with words where none does within SILENT_S, or can log in."""
        if not self._all_logged_in():
            sys.exit(f"the login failed: {self.refused}")
        if not self.entered.wait(SILENT_S):
            sys.exit(
                f"{locustfile} recorded nothing within {SILENT_S:g} s of the start of its users: a user class that is "
                f"measured derives from ScenarioUser of loadtests/engine/user.py, as the one of loadtests/weather.py "
                f"does, and its on_start ends at once"
            )

    def log_in(self, login: Callable[[], str]) -> None:
        """Do what a user does to log in, which returns what went wrong, or an empty text.

        The last user sets `logged_in`, and so does the first one who fails.
        """
        with self.at_once:
            wrong = login() if not self.refused else ""
        self.refused = self.refused or wrong
        self.logins += 1
        tell("login", done=self.logins)
        if self.refused or self.logins >= max(self.users, 1):
            self.logged_in.set()

    def _all_logged_in(self) -> bool:
        """Whether all users are logged in, once that is known."""
        if self.logs_in:
            self.logged_in.wait()
        return not self.refused

    def conduct(self, runner: Runner) -> None:
        """From the first user's start to the written samples; then Locust quits, whatever happened."""
        if not self._all_logged_in():
            return  # `expect_users` ends Locust
        try:
            self.begun_s = time.monotonic()
            tell("begin", warmup_s=self.begun_s)
            beating = gevent.spawn(beat, self.begun_s, lambda: self.end_s, self.recorder.add_beat)
            self.load()
            beating.get()
            output = Path(self.plan.output)
            self.recorder.write(output)
            self.wrong_answers.write(output.with_suffix(".json"))
            tell("end", requests=len(self.recorder), left=len(self.waiting), **self.facts())
        finally:
            runner.quit()

    def facts(self) -> Mapping[str, Any]:
        """What the harness is told at the end beside the samples."""
        return {}

    def load(self) -> None:
        """The load, from the first request to the last; `end_s` is final then."""
        raise NotImplementedError

    def drain(self) -> None:
        """Return when nothing is in flight any more, or when everything in flight must have timed out."""
        self.entered.wait()  # where nobody ever takes part, `expect_users` ends Locust
        longest_s = self.plan.timeout_s + 1.0
        drained_s = time.monotonic() + longest_s
        if not self.users and not self.driven.wait(longest_s):
            raise RuntimeError("the schedule was not sent to its end: the driver has failed")
        while self.waiting and time.monotonic() < drained_s:
            gevent.sleep(0.01)

    def report_until(self, end_s: float) -> None:
        """Wait, and report once a second how it goes."""
        while (left_s := end_s - time.monotonic()) > 0:
            gevent.sleep(min(left_s, 1.0))
            recorder = self.recorder
            tell(
                "progress",
                t_s=time.monotonic(),
                done=len(recorder),
                failed=recorder.failed,
                p95_s=recorder.latest_p95_s(),
                waiting=len(self.waiting),
            )


def sleep_until(moment_s: float) -> None:
    """Wait for a moment on the monotonic clock; not at all where it is past."""
    gevent.sleep(max(moment_s - time.monotonic(), 0.0))
