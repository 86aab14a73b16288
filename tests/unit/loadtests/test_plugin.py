"""What Locust's request event becomes in the record. Its own users run in tests/e2e/test_locustfiles.py."""

import errno
import time
from types import SimpleNamespace

import pytest

from loadtests.engine import plugin
from loadtests.engine.plugin import NO_STATUS, OTHERS, Listener, WallClock, failure
from loadtests.engine.recording import FAILED, LOST, NO_CONNECTION, NO_PORT, NOT_SENT, TIMED_OUT, Recorder
from loadtests.engine.wrong_answers import WrongAnswers


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def listener(recorder: Recorder) -> Listener:
    return Listener(recorder, WrongAnswers(), timeout_s=2.0)


def row(recorder: Recorder) -> dict[str, float]:
    """The last row."""
    return {name: recorder.columns[name][-1] for name in ("scheduled_s", "sent_s", "done_s", "status", "bytes")}


def test_a_request_begins_when_its_client_says_and_ends_after_its_response_time(
    listener: Listener, recorder: Recorder
) -> None:
    start_s, wall_s = time.monotonic(), time.time()
    time.sleep(0.05)  # the client checks the answer for so long before it fires the event
    answer = SimpleNamespace(status_code=201)
    listener.request("GET", "/a", response_time=20.0, response_length=7, response=answer, start_time=wall_s)
    found = row(recorder)
    assert found["scheduled_s"] == found["sent_s"] == pytest.approx(start_s, abs=0.002)
    assert found["done_s"] - found["scheduled_s"] == pytest.approx(0.02)
    assert (found["status"], found["bytes"]) == (201, 7)
    assert recorder.columns["new_connection"][-1] == NOT_SENT


@pytest.mark.parametrize("ahead_s", [1e9, -1e6, 0.5, float("nan")])
@pytest.mark.parametrize("stamp", [None, "now", 12.5, "wall"])
def test_where_the_client_does_not_say_when_it_ended_just_now(
    listener: Listener, recorder: Recorder, stamp: object, ahead_s: float
) -> None:
    start_time = time.time() + ahead_s if stamp == "wall" else stamp
    listener.request("GET", "/a", response_time=20.0, start_time=start_time)
    assert row(recorder)["done_s"] == pytest.approx(time.monotonic(), abs=0.01)


@pytest.mark.parametrize("by_s", [-3600.0, -0.1, 0.1, 3600.0])
def test_a_wall_clock_that_is_set_meanwhile_moves_no_request(monkeypatch: pytest.MonkeyPatch, by_s: float) -> None:
    clock, wall_s = WallClock(), time.time()
    time.sleep(0.03)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + by_s)
    assert clock.start_s(wall_s, took_s=0.02) == pytest.approx(time.monotonic() - 0.02, abs=0.005)
    time.sleep(0.01)
    begun_s = time.monotonic()
    later_s = time.time()  # from here on the clock is right again
    time.sleep(0.02)
    assert clock.start_s(later_s, took_s=0.01) == pytest.approx(begun_s, abs=0.005)


@pytest.mark.parametrize("untimed", [None, float("nan"), float("inf"), -1.0, "5"])
def test_what_has_no_response_time_is_counted_and_not_recorded(
    listener: Listener, recorder: Recorder, untimed: object
) -> None:
    listener.request("NOTE", "seen", response_time=untimed)
    assert len(recorder) == 0
    assert listener.untimed == {"NOTE seen": 1}


def test_each_name_is_a_route_up_to_a_limit(
    listener: Listener, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "MOST_ROUTES", 3)
    for number in (0, 1, 0, 2, 3, 4):
        listener.request("GET", f"/{number}", response_time=1.0)
    assert list(listener.routes) == ["GET /0", "GET /1", "GET /2", OTHERS]
    assert list(recorder.columns["route"]) == [0, 1, 0, 2, 3, 3]


def test_an_answer_without_a_status_is_right_and_has_none_of_http(listener: Listener, recorder: Recorder) -> None:
    listener.request("CALL", "a", response_time=1.0)
    assert row(recorder)["status"] == NO_STATUS


class RefusedError(Exception):
    """As a client wraps what the system says."""


def wrapped(error: BaseException) -> BaseException:
    outer = RefusedError("no luck")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (ValueError("503"), 503, -503),
        (ValueError("wrong text"), 200, FAILED),
        ("a text", 0, FAILED),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), 0, NO_CONNECTION),
        (wrapped(OSError(errno.EADDRNOTAVAIL, "no address")), 0, NO_PORT),
        (wrapped(ConnectionResetError(errno.ECONNRESET, "reset")), 0, LOST),
        (wrapped(TimeoutError("timed out")), 0, TIMED_OUT),
        (RefusedError(TimeoutError()), 0, TIMED_OUT),
        (RefusedError("nothing known"), 0, FAILED),
    ],
)
def test_a_failure_has_the_code_of_what_happened(exception: object, status: int, code: int) -> None:
    assert failure(exception, status) == code


def test_an_answer_after_the_timeout_came_too_late(listener: Listener, recorder: Recorder) -> None:
    listener.request("GET", "/a", response_time=1990.0, response=SimpleNamespace(status_code=200))
    listener.request("GET", "/a", response_time=2010.0, response=SimpleNamespace(status_code=200))
    assert list(recorder.columns["status"]) == [200, TIMED_OUT]


@pytest.mark.parametrize("status", [70_000, -5, 99, "200", None])
def test_what_is_no_status_is_none(listener: Listener, recorder: Recorder, status: object) -> None:
    listener.request("GET", "/a", response_time=1.0, response=SimpleNamespace(status_code=status))
    assert row(recorder)["status"] == NO_STATUS
    assert len({len(recorder.columns[name]) for name in ("scheduled_s", "status", "route", "new_connection")}) == 1


def test_a_failure_is_recorded_whatever_headers_its_client_has(listener: Listener, recorder: Recorder) -> None:
    answer = SimpleNamespace(status_code=500, headers=["a: b"])
    listener.request("GET", "/a", response_time=1.0, response=answer, exception=ValueError("no"))
    assert row(recorder)["status"] == -500


def test_what_cannot_be_written_down_is_escaped(listener: Listener) -> None:
    listener.request("GET", "/\ud83d\n", response_time=1.0)
    assert list(listener.routes) == ["GET /\\ud83d\\n"]
