"""A session in slices with its hosts and users, on a clock that moves on only while every greenlet waits."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import gevent
import numpy as np
from gevent.event import Event

from loadtests.engine import requests
from loadtests.engine.arrivals import Closed, Open
from loadtests.engine.client import Client
from loadtests.engine.draws import Drawn
from loadtests.engine.driver import drive
from loadtests.engine.plan import LoadPlan, SlicePlan
from loadtests.engine.pool import Pool
from loadtests.engine.recording import Sent
from loadtests.engine.slices import SlicedSession

from .made_up import DRAWN

WARMING = (SlicePlan(0, 0.3, 0.3), SlicePlan(1, 0.3, 0.3))
SLICES = (*WARMING, SlicePlan(1, 0.2, 0.05), SlicePlan(0, 0.2, 0.05), SlicePlan(0, 0.2, 0.05), SlicePlan(1, 0.2, 0.05))
THREE = Closed(users=3)
FIXED = Open(100.0, "fixed", 50, seed=7)
POISSON = replace(FIXED, arrivals="poisson")


class World:
    """Time that passes only in sleep, once every greenlet waits; and the events that the session reported."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.asleep: list[tuple[float, int, Event]] = []
        self.order = itertools.count()
        self.events: list[tuple[float, str, dict[str, float]]] = []
        self.greenlets: list[gevent.Greenlet] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float = 0.0) -> None:
        woken = Event()
        heapq.heappush(self.asleep, (self.now_s + seconds, next(self.order), woken))
        woken.wait()

    def spawn(self, function: Callable[..., None], *arguments: object) -> gevent.Greenlet:
        self.greenlets.append(gevent.spawn(function, *arguments))
        return self.greenlets[-1]

    def tell(self, event: str, **facts: float) -> None:
        self.events.append((self.now_s, event, facts))

    def all(self, event: str) -> list[dict[str, float]]:
        return [facts for _, name, facts in self.events if name == event]

    def wait_for(self, *awaited: gevent.Greenlet) -> None:
        """Let time pass until these greenlets have ended."""
        while True:
            gevent.idle()
            if all(one.ready() for one in awaited):
                break
            assert self.asleep, "every greenlet waits for ever"
            self.now_s, _, woken = heapq.heappop(self.asleep)
            assert self.now_s < 200.0, "it never ends"
            woken.set()
        for one in awaited:
            one.get()


@dataclass(frozen=True)
class Request:
    """One request as a host saw it."""

    host: int
    scheduled_s: float
    sent_s: float
    done_s: float


class Runner:
    """Notes that it was quit."""

    def __init__(self) -> None:
        self.ended = False

    def quit(self) -> None:
        self.ended = True


class Host:
    """A host, by its number, whose requests take what `took_s` yields."""

    def __init__(self, number: int, world: World, requests: list[Request], took_s: Iterator[float]) -> None:
        self.number = number
        self.world = world
        self.requests = requests
        self.took_s = took_s

    def connect(self) -> Client:
        return cast("Client", None)

    def draw(self) -> Drawn:
        return DRAWN

    def send(self, _: Client, scheduled_s: float, drawn: Drawn) -> Sent:
        assert drawn is DRAWN
        sent_s = self.world.now_s
        self.world.sleep(next(self.took_s))
        self.requests.append(Request(self.number, scheduled_s, sent_s, self.world.now_s))
        return sent_s, self.world.now_s, 200, 5, False, 0

    def report(self, request: requests.Request, status: int, latency_s: float, size: int) -> None:
        raise AssertionError(request, status, latency_s, size)


class Trial:
    """A session on two hosts, with users that send requests as Locust's users do; request n takes `took_s(n)`.

    `first_s`: when each user sent its first request of each slice.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        load: Closed | Open = THREE,
        took_s: Callable[[int], float] = lambda _: 0.03,
        slices: tuple[SlicePlan, ...] = SLICES,
        spread_s: float = 0.03,
        timeout_s: float = 1.0,
    ) -> None:
        output = str(folder / "requests.npz")
        plan = LoadPlan(["http://x", "http://y"], load, timeout_s, 9.0, 9.0, 9.0, output, 1, None, slices, spread_s)
        self.world = world
        self.session = SlicedSession(plan)
        self.runner = Runner()
        self.requests: list[Request] = []
        times_s = map(took_s, itertools.count())
        self.hosts = [Host(number, world, self.requests, times_s) for number in (0, 1)]
        self.first_s: dict[int, dict[int, float]] = {}

    def conduct(self) -> gevent.Greenlet:
        return self.world.spawn(self.session.conduct, self.runner)

    def user(self, number: int, after_s: float = 0.0) -> gevent.Greenlet:
        return self.world.spawn(self._use, number, after_s)

    def driver(self, load: Open, late_s: float = 0.0) -> gevent.Greenlet:
        return self.world.spawn(self._drive, load, late_s)

    def _use(self, number: int, after_s: float) -> None:
        """As ScenarioUser does."""
        session, seen = self.session, self.first_s.setdefault(number, {})
        self.world.sleep(after_s)
        while (host := session.turn(number)) is not None:
            scheduled_s = self.world.now_s
            seen.setdefault(session.number, scheduled_s)
            session.waiting[number] = scheduled_s
            session.recorder.add(scheduled_s, *self.hosts[host].send(cast("Client", None), scheduled_s, DRAWN))
            del session.waiting[number]

    def _drive(self, load: Open, late_s: float) -> None:
        """As ScenarioUser does, but done with each slice `late_s` later."""
        session = self.session
        pools = [Pool(host, load.max_in_flight, session.waiting, session.recorder.add) for host in self.hosts]
        for host, arrivals, end_s in session.schedules(load):
            drive(arrivals, pools[host], end_s, self.world.monotonic, self.world.sleep)
            self.world.sleep(late_s)
        for pool in pools:
            pool.join()

    def run(self) -> "Trial":
        """The whole session, until its greenlets have ended."""
        load = self.session.plan.load
        users = [self.driver(load)] if isinstance(load, Open) else [self.user(number) for number in range(load.users)]
        self.world.wait_for(self.conduct(), *users)
        return self

    @property
    def sliced(self) -> list[dict[str, float]]:
        return self.world.all("sliced")

    def rows(self) -> dict[str, list[Any]]:
        with np.load(self.session.plan.output, allow_pickle=False) as arrays:
            return {name: arrays[name].tolist() for name in arrays}

    def offsets_s(self) -> list[list[float]]:
        """For each slice how long after its begin each request was due."""
        rows = self.rows()
        due = list(zip(rows["slice"], rows["scheduled_s"], strict=True))
        return [
            sorted(due_s - one["begin_s"] for number, due_s in due if number == one["number"]) for one in self.sliced
        ]
