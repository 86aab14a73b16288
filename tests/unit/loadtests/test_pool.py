"""The pool with requests that end when the test says so."""

import time

import gevent
import pytest
from gevent.event import Event

from loadtests.engine.client import Client
from loadtests.engine.draws import Drawn
from loadtests.engine.pool import Pool
from loadtests.engine.recording import DROPPED, NOT_SENT, UNSENT, Sent
from loadtests.engine.requests import Request

from .made_up import DRAWN


class Target:
    """Holds each request, named by its scheduled time, until `end` lets it go."""

    def __init__(self) -> None:
        self.connected: list[Client] = []
        self.used: dict[float, Client] = {}
        self.let_go: dict[float, Event] = {}
        self.reported: list[int] = []

    def connect(self) -> Client:
        self.connected.append(Client("127.0.0.1", 1))
        return self.connected[-1]

    def draw(self) -> Drawn:
        return DRAWN

    def send(self, client: Client, scheduled_s: float, drawn: Drawn) -> Sent:
        assert drawn is DRAWN
        assert client not in self.used.values()
        self.used[scheduled_s] = client
        self.let_go[scheduled_s] = Event()
        self.let_go[scheduled_s].wait()
        del self.used[scheduled_s]
        return scheduled_s + 0.1, scheduled_s + 0.2, 200, 5, False, 0

    def report(self, request: Request, status: int, latency_s: float, size: int) -> None:
        assert (request, size) == (DRAWN[0], 0)
        assert latency_s >= 0
        self.reported.append(status)

    def end(self, scheduled_s: float) -> None:
        self.let_go[scheduled_s].set()
        gevent.sleep(0)


class Tried:
    """A pool with a limit, its target, and the rows that it kept."""

    def __init__(self, max_in_flight: int) -> None:
        self.target = Target()
        self.rows: list[tuple[float, ...]] = []
        self.waiting: dict[int, float] = {}
        self.pool = Pool(self.target, max_in_flight, self.waiting, lambda *row: self.rows.append(row))

    def begin(self, *arrivals: int) -> None:
        for number in arrivals:
            self.pool.begin(number, float(number))
        gevent.sleep(0)


def test_requests_in_flight_at_the_same_time_have_a_connection_each() -> None:
    tried = Tried(3)
    tried.begin(1, 2, 3)
    assert tried.waiting == {1: 1.0, 2: 2.0, 3: 3.0}
    assert len(tried.target.connected) == 3
    tried.target.end(2.0)
    assert tried.rows == [(2.0, 2.1, 2.2, 200, 5, False, 0)]
    assert tried.waiting == {1: 1.0, 3: 3.0}
    tried.pool.close()


def test_an_arrival_beyond_the_limit_is_dropped_right_away_and_never_sent_late() -> None:
    tried = Tried(2)
    before_s = time.monotonic()
    tried.begin(1, 2, 3)
    (row,) = tried.rows
    scheduled_s, sent_s, done_s, status, size, new_connection, route = row
    assert (scheduled_s, status, size, new_connection, route) == (3.0, DROPPED, 0, NOT_SENT, 0)
    assert before_s <= sent_s == done_s <= time.monotonic()
    assert tried.target.reported == [DROPPED]
    tried.target.end(1.0)
    tried.target.end(2.0)
    tried.pool.join()
    assert [row[0] for row in tried.rows] == [3.0, 1.0, 2.0]
    tried.begin(4)  # there is room again
    assert tried.waiting == {4: 4.0}
    tried.pool.close()


def test_the_limit_counts_requests_that_have_begun_even_if_they_are_not_sent_yet() -> None:
    tried = Tried(2)
    for number in range(1, 6):  # no other greenlet runs in between
        tried.pool.begin(number, float(number))
    assert [row[3] for row in tried.rows] == [DROPPED] * 3
    tried.pool.close()


def test_the_connection_used_last_is_used_next_and_no_more_are_opened_than_needed() -> None:
    tried = Tried(10)
    tried.begin(1, 2, 3)
    first, second, third = tried.target.connected
    for number in (1, 3, 2):
        tried.target.end(float(number))
    tried.begin(4, 5)
    assert tried.target.used == {4.0: second, 5.0: third}
    tried.begin(6)
    assert tried.target.used[6.0] is first
    assert len(tried.target.connected) == 3
    tried.pool.close()


def test_an_arrival_that_is_forgone_is_recorded_and_not_sent() -> None:
    tried = Tried(1)
    tried.pool.forgo(1.0)
    ((scheduled_s, sent_s, done_s, status, size, *_),) = tried.rows
    assert (scheduled_s, status, size) == (1.0, UNSENT, 0)
    assert sent_s == done_s == pytest.approx(time.monotonic(), abs=1.0)
    assert tried.target.connected == []


def test_closing_ends_the_requests_in_flight() -> None:
    tried = Tried(2)
    tried.begin(1, 2)
    tried.pool.close()
    tried.pool.join()
    assert tried.rows == []
