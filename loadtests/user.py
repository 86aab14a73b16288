"""The Locust user that every scenario derives from: one request after another, each answer checked and recorded."""

import itertools
import sys
import time
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

import gevent
from locust import User, constant, events, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.client import Client
from loadtests.recording import ERRORS, WRONG_BODY
from loadtests.session import planned

SESSION = planned()
NUMBERS = itertools.count()


def _prepare(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    if environment.host or (options is not None and options.headless):  # in the web UI it may be written later
        try:
            parsed_host(environment.host)
        except ValueError as error:
            sys.exit(str(error))
    if SESSION is not None:
        environment.events.spawning_complete.add_listener(lambda **_: gevent.spawn(SESSION.conduct, environment.runner))


events.init.add_listener(_prepare)


def parsed_host(host: str | None) -> SplitResult:
    """The parts of `--host`. Raises ValueError, saying what to write, where it is none."""
    url = urlsplit(host or "")
    if url.scheme != "http" or url.hostname is None or url.port == 0:  # reading a bad port raises ValueError too
        raise ValueError(f"--host {host}: write http://HOST:PORT")
    return url


@lru_cache(maxsize=20)
def _tell_once(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class ScenarioUser(User):
    """A user without think time. A scenario sets `path`, and says in `accepts` which bodies are right."""

    abstract = True
    wait_time = constant(0)
    path = "/"
    status = 200
    accepted: ClassVar[bytes | None] = None

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether a body is right. Whatever nonsense makes this raise counts as no, and is told once on stderr."""
        raise NotImplementedError

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        url = parsed_host(self.host)
        self.number = next(NUMBERS)
        self.timeout_s = SESSION.plan.timeout_s if SESSION is not None else 30.0
        self.client = Client(url.hostname or "", url.port or 80)
        self.target = f"{url.path}{self.path}" or "/"
        if url.query:
            self.target += f"?{url.query}"
        self.message = f"GET {self.target} HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: */*\r\n\r\n".encode()

    def on_start(self) -> None:
        """Wait for this user's turn in a measured run."""
        if SESSION is not None:
            SESSION.wait_for_turn(self.number)

    def on_stop(self) -> None:
        """Close the connection."""
        self.client.close()

    @task
    def ask(self) -> None:
        """One request; in a measured run, one after another until its window ends."""
        if SESSION is None:
            self._ask_once()
            return
        while SESSION.sending:
            scheduled_s = time.monotonic()
            SESSION.waiting[self.number] = scheduled_s
            SESSION.recorder.add(scheduled_s, *self._ask_once())
            del SESSION.waiting[self.number]
            SESSION.answered.add(self.number)
        raise StopUser

    def _ask_once(self) -> tuple[float, float, int, int]:
        """Ask, check and tell Locust: (sent_s, done_s, status or error code, body's length)."""
        sent_s = time.monotonic()
        status, body = self.client.ask(self.message, self.timeout_s)
        done_s = time.monotonic()
        status = self._checked(status, body)
        self.environment.events.request.fire(
            request_type="GET",
            name=self.target,
            response_time=(done_s - sent_s) * 1000,
            response_length=len(body),
            context={},
            exception=None if status > 0 else RuntimeError(ERRORS.get(status, f"status {-status}")),
        )
        return sent_s, done_s, status, len(body)

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
