"""The open model's requests under way: each on a connection of its own, and never more than a limit."""

import time
from collections.abc import Callable
from typing import Protocol

from gevent.pool import Group

from loadtests.engine.client import Client
from loadtests.engine.recording import DROPPED, UNSENT

Keep = Callable[[float, float, float, int, int], None]
"""Takes scheduled_s, sent_s, done_s, status and size of a request, as Recorder.add does."""


class Asker(Protocol):
    """Who knows what to ask."""

    def connect(self) -> Client:
        """A client for one more connection."""

    def ask_once(self, client: Client, scheduled_s: float) -> tuple[float, float, int, int]:
        """Ask, check and tell Locust: (sent_s, done_s, status or error code, body's length)."""

    def tell(self, status: int, latency_s: float, size: int) -> None:
        """Tell Locust of one request."""


class Pool:
    """Up to `max_in_flight` requests at once, each in a greenlet; the connection used last is used next.

    `waiting` holds the scheduled times of those under way, by the arrival's number.
    """

    def __init__(self, asker: Asker, max_in_flight: int, waiting: dict[int, float], keep: Keep) -> None:
        self.asker = asker
        self.max_in_flight = max_in_flight
        self.waiting = waiting
        self.keep = keep
        self.clients: list[Client] = []
        self.idle: list[Client] = []
        self.under_way = Group()

    def begin(self, number: int, scheduled_s: float) -> None:
        """Start arrival `number`, or drop it where too many are under way. Never waits."""
        if len(self.waiting) < self.max_in_flight:
            self.waiting[number] = scheduled_s
            self.under_way.spawn(self._ask, number, scheduled_s)
            return
        now_s = time.monotonic()
        self.keep(scheduled_s, now_s, now_s, DROPPED, 0)
        self.asker.tell(DROPPED, now_s - scheduled_s, 0)

    def forgo(self, scheduled_s: float) -> None:
        """Keep an arrival that came too late to be sent."""
        now_s = time.monotonic()
        self.keep(scheduled_s, now_s, now_s, UNSENT, 0)

    def join(self) -> None:
        """Return when nothing is under way."""
        self.under_way.join()

    def close(self) -> None:
        """End what is under way and close all connections."""
        self.under_way.kill()
        for client in self.clients:
            client.close()

    def _ask(self, number: int, scheduled_s: float) -> None:
        client = self.idle.pop() if self.idle else self._connect()
        self.keep(scheduled_s, *self.asker.ask_once(client, scheduled_s))
        del self.waiting[number]
        self.idle.append(client)

    def _connect(self) -> Client:
        client = self.asker.connect()
        self.clients.append(client)
        return client
