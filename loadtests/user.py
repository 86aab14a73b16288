"""The Locust user that every scenario derives from: it asks, and each answer is checked and recorded."""

import itertools
import math
import sys
import time
from functools import lru_cache
from typing import ClassVar

from locust import User, constant, task
from locust.env import Environment
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING

from loadtests.arrivals import Open, offsets_s
from loadtests.client import Client
from loadtests.driver import drive
from loadtests.hooks import attach
from loadtests.options import open_load, parsed_host
from loadtests.pool import Pool
from loadtests.recording import ERRORS, WRONG_BODY
from loadtests.session import Session, planned

SESSION = planned()
NUMBERS = itertools.count()
attach(SESSION)


@lru_cache(maxsize=20)
def _tell_once(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class ScenarioUser(User):
    """A user without think time, or the driver of an open load.

    A scenario sets `path`, and says in `accepts` which bodies are right.
    """

    abstract = True
    wait_time = constant(0)
    path = "/"
    status = 200
    accepted: ClassVar[bytes | None] = None
    driving: ClassVar["ScenarioUser | None"] = None
    """The one user that drives an open load."""

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether a body is right. Whatever nonsense makes this raise counts as no, and is told once on stderr."""
        raise NotImplementedError

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.url = parsed_host(self.host)
        self.number = next(NUMBERS)
        self.timeout_s = SESSION.plan.timeout_s if SESSION is not None else 30.0
        self.load = SESSION.plan.load if SESSION is not None else open_load(environment.parsed_options)
        self.client = self.connect()
        self.pool: Pool | None = None
        self.target = f"{self.url.path}{self.path}" or "/"
        if self.url.query:
            self.target += f"?{self.url.query}"
        self.message = f"GET {self.target} HTTP/1.1\r\nHost: {self.url.netloc}\r\nAccept: */*\r\n\r\n".encode()

    def connect(self) -> Client:
        """A client for one more connection."""
        return Client(self.url.hostname or "", self.url.port or 80)

    def on_start(self) -> None:
        """Wait for this user's turn in a measured run."""
        if SESSION is not None:
            SESSION.wait_for_turn(self.number)

    def on_stop(self) -> None:
        """Close the connections."""
        self.client.close()
        if self.pool is not None:
            self.pool.close()
            ScenarioUser.driving = None

    @task
    def ask(self) -> None:
        """One request; in a measured run, one after another until its window ends; of an open load, all there are."""
        if isinstance(self.load, Open):
            self._drive(self.load)
        elif SESSION is not None:
            self._ask_on(SESSION)
        else:
            self.ask_once(self.client, time.monotonic())

    def _ask_on(self, session: Session) -> None:
        while session.sending:
            scheduled_s = time.monotonic()
            session.waiting[self.number] = scheduled_s
            session.recorder.add(scheduled_s, *self.ask_once(self.client, scheduled_s))
            del session.waiting[self.number]
            if self.number not in session.answered:
                session.answered.add(self.number)
                session.wait_for_all()
        raise StopUser

    def _drive(self, load: Open) -> None:
        if ScenarioUser.driving is not None:  # another user; or this one, which failed and must not begin again
            raise StopUser
        ScenarioUser.driving = self
        if SESSION is not None:
            self.pool = Pool(self, load.max_in_flight, SESSION.waiting, SESSION.recorder.add)
            drive(SESSION.arrivals(load), self.pool, lambda: SESSION.end_s)
            SESSION.driven.set()
        else:
            self.pool = Pool(self, load.max_in_flight, {}, lambda *_: None)
            begun_s = time.monotonic()
            arrivals = (begun_s + offset_s for offset_s in offsets_s(load, ramp_s=0.0))
            drive(arrivals, self.pool, lambda: -math.inf if self._state == LOCUST_STATE_STOPPING else math.inf)
        self.pool.join()
        raise StopUser

    def ask_once(self, client: Client, scheduled_s: float) -> tuple[float, float, int, int]:
        """Ask, check and tell Locust: (sent_s, done_s, status or error code, body's length)."""
        sent_s = time.monotonic()
        status, body = client.ask(self.message, self.timeout_s)
        done_s = time.monotonic()
        status = self._checked(status, body)
        self.tell(status, done_s - scheduled_s, len(body))
        return sent_s, done_s, status, len(body)

    def tell(self, status: int, latency_s: float, size: int) -> None:
        """Tell Locust of one request."""
        self.environment.events.request.fire(
            request_type="GET",
            name=self.target,
            response_time=latency_s * 1000,
            response_length=size,
            context={},
            exception=None if status > 0 else RuntimeError(ERRORS.get(status, f"status {-status}")),
        )

    def _checked(self, status: int, body: bytes) -> int:
        """The status of a right answer; negative of any other."""
        if status != self.status:
            return -abs(status)
        if body == self.accepted:
            return status
        try:
            right = self.accepts(body)
        except Exception as error:  # noqa: BLE001
            _tell_once(f"{type(self).__name__}.accepts: {type(error).__name__}: {error}")
            right = False
        if right:
            type(self).accepted = body
        return status if right else WRONG_BODY
