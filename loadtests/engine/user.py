"""The Locust user that every scenario derives from: it sends requests, and each answer is checked and recorded."""

import itertools
import math
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar

from locust import User, constant, task
from locust.env import Environment
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING

from loadtests.engine.arrivals import Open, offsets_s
from loadtests.engine.asked import Asked, Feed
from loadtests.engine.draws import Rows
from loadtests.engine.driver import drive
from loadtests.engine.hooks import attach, planned
from loadtests.engine.options import open_load
from loadtests.engine.pool import Pool
from loadtests.engine.requests import Request
from loadtests.engine.session import Session
from loadtests.engine.target import LoginError, Target
from loadtests.engine.templates import Template

SESSION = planned()
NUMBERS = itertools.count()


class ScenarioUser(User):
    """A user without think time, or the driver of an open-loop load.

    A scenario sets `path`, and says in `accepts` which bodies are right; or it sets `asked`.
    """

    abstract = True
    wait_time = constant(0)
    method = "GET"
    path = "/"
    headers: ClassVar[Mapping[str, str]] = {}
    body = b""
    status = 200
    asked: ClassVar[Asked | None] = None
    driving: ClassVar["ScenarioUser | None"] = None
    """The one user that drives an open-loop load."""

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether a body is right. A body that makes this raise is wrong; the error is printed once on stderr."""
        raise NotImplementedError

    @classmethod
    def right_body(cls) -> str:
        """Which bodies are right, in words: what the first line of the docstring of `accepts` says."""
        said = (cls.accepts.__doc__ or "").strip().split("\n", 1)[0]
        return f"a body that {cls.__name__}.accepts takes{f': {said}' if said else ''}"

    @classmethod
    @cache
    def scenario(cls) -> Asked:
        """What is asked for; all users of a class share it."""
        own = Request(
            name=cls.path,
            method=cls.method,
            path=Template((cls.path,)),
            headers={name: Template((value,)) for name, value in cls.headers.items()},
            file=cls.body or None,
            accepts=cls.accepts,
            right_body=cls.right_body(),
            check=f"{cls.__name__}.accepts",
            status=(cls.status,),
        )
        return cls.asked or Asked([own])

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.number = next(NUMBERS)
        self.timeout_s = SESSION.plan.timeout_s if SESSION is not None else 30.0
        self.load = SESSION.plan.load if SESSION is not None else open_load(environment.parsed_options)
        hosts, seed = (SESSION.plan.hosts, SESSION.plan.seed) if SESSION is not None else ([self.host], 1)
        reconnects = SESSION is not None and SESSION.plan.reconnects
        rows = _rows(self.scenario().feed, len(hosts))
        self.targets = [
            Target(self, host, self.scenario(), own, seed, reconnects=reconnects)
            for host, own in zip(hosts, rows, strict=True)
        ]
        self.clients = [target.connect() for target in self.targets]
        self.pools: list[Pool] = []

    def on_stop(self) -> None:
        """Close the connections."""
        for client in self.clients:
            client.close()
        for pool in self.pools:
            pool.close()
            ScenarioUser.driving = None

    @task
    def ask(self) -> None:
        """One request; in a measured run, one after another until the end; of an open-loop load, all arrivals."""
        if SESSION is not None and SESSION.logs_in:
            SESSION.log_in(self._log_in)
        if isinstance(self.load, Open):
            self._drive(self.load)
        elif SESSION is not None:
            self._ask_on(SESSION)
        else:
            self.targets[0].send(self.clients[0], time.monotonic(), self.targets[0].draw())

    def _log_in(self) -> str:
        """Log in on every host; what went wrong, or an empty text."""
        try:
            for target, client in zip(self.targets, self.clients, strict=True):
                target.login(client)
        except LoginError as error:
            return str(error)
        return ""

    def _ask_on(self, session: Session) -> None:
        while (number := session.turn(self.number)) is not None:
            scheduled_s = time.monotonic()
            session.waiting[self.number] = scheduled_s
            target = self.targets[number]
            session.recorder.add(scheduled_s, *target.send(self.clients[number], scheduled_s, target.draw()))
            del session.waiting[self.number]
        raise StopUser

    def _drive(self, load: Open) -> None:
        if ScenarioUser.driving is not None:  # another user; or this one, which failed and must not begin again
            raise StopUser
        ScenarioUser.driving = self
        waiting, keep = (SESSION.waiting, SESSION.keep) if SESSION is not None else ({}, _forget)
        self.pools = [Pool(target, load.max_in_flight, waiting, keep) for target in self.targets]
        if SESSION is not None:
            for number, arrivals, end_s in SESSION.schedules(load):
                drive(arrivals, self.pools[number], end_s)
        else:
            begun_s = time.monotonic()
            arrivals = (begun_s + offset_s for offset_s in offsets_s(load, ramp_s=0.0))
            drive(arrivals, self.pools[0], lambda: -math.inf if self._state == LOCUST_STATE_STOPPING else math.inf)
        for pool in self.pools:
            pool.join()
        raise StopUser

    def keep_wrong(self, request: Request, code: int, status: int, received: bytes, body: bytes) -> None:
        """Keep what a request got that ended with this negative code, if it is the first wrong answer of its kind."""
        if SESSION is not None and SESSION.wrong_answers.wants(SESSION.recorder.measurement, code):
            right = request.right(code)
            SESSION.wrong_answers.keep(SESSION.recorder.measurement, code, status, received, body, right)


@cache
def _rows(feed: Feed | None, hosts: int) -> Sequence[Rows | None]:
    """The rows of the feed for each host; all users share them."""
    return [None if feed is None else feed.rows() for _ in range(hosts)]


def _forget(*_: float) -> None:
    """Nothing is recorded when people run Locust by hand."""


attach(SESSION, ScenarioUser)
