"""The requests of an open-loop load: each on a connection of its own, and never more in flight than a limit."""

import time
from collections.abc import Callable
from typing import Protocol

from gevent.pool import Group

from loadtests.engine.client import Client
from loadtests.engine.draws import Drawn
from loadtests.engine.recording import DROPPED, NOT_SENT, UNSENT, Sent
from loadtests.engine.requests import Request

Keep = Callable[..., None]
"""Takes scheduled_s, sent_s, done_s, status, size, new_connection and route of a request, as Recorder.add does."""


class Sending(Protocol):
    """What is needed of a target."""

    def connect(self) -> Client:
        """A client for one more connection."""

    def draw(self) -> Drawn:
        """The next request, and the row that fills it."""

    def send(self, client: Client, scheduled_s: float, drawn: Drawn) -> Sent:
        """Send one request, check its answer and report it to Locust."""

    def report(self, request: Request, status: int, latency_s: float, size: int) -> None:
        """Report one request to Locust."""


class Pool:
    """Up to `max_in_flight` requests at once, each in a greenlet; the connection used last is used next.

    `waiting` holds the scheduled times of the requests in flight, by the arrival's number.
    """

    def __init__(self, target: Sending, max_in_flight: int, waiting: dict[int, float], keep: Keep) -> None:
        self.target = target
        self.max_in_flight = max_in_flight
        self.waiting = waiting
        self.keep = keep
        self.clients: list[Client] = []
        self.idle: list[Client] = []
        self.in_flight = Group()

    def begin(self, number: int, scheduled_s: float) -> None:
        """Start arrival `number`, or drop it where too many are in flight. Never waits."""
        drawn = self.target.draw()
        if len(self.waiting) < self.max_in_flight:
            self.waiting[number] = scheduled_s
            self.in_flight.spawn(self._ask, number, scheduled_s, drawn)
            return
        now_s = time.monotonic()
        request, _ = drawn
        self.keep(scheduled_s, now_s, now_s, DROPPED, 0, NOT_SENT, request.route)
        self.target.report(request, DROPPED, now_s - scheduled_s, 0)

    def forgo(self, scheduled_s: float) -> None:
        """Keep an arrival that the generator was too late to send."""
        now_s = time.monotonic()
        request, _ = self.target.draw()
        self.keep(scheduled_s, now_s, now_s, UNSENT, 0, NOT_SENT, request.route)

    def join(self) -> None:
        """Return when nothing is in flight."""
        self.in_flight.join()

    def close(self) -> None:
        """End what is in flight and close all connections."""
        self.in_flight.kill()
        for client in self.clients:
            client.close()

    def _ask(self, number: int, scheduled_s: float, drawn: Drawn) -> None:
        client = self.idle.pop() if self.idle else self._connect()
        self.keep(scheduled_s, *self.target.send(client, scheduled_s, drawn))
        del self.waiting[number]
        self.idle.append(client)

    def _connect(self) -> Client:
        client = self.target.connect()
        self.clients.append(client)
        return client
