"""A search, without Locust: see trial.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gevent
import numpy as np
import pytest

from loadtests.engine import search as module
from loadtests.engine import session as session_module
from loadtests.engine.beats import beat
from loadtests.engine.driver import drive
from loadtests.engine.plan import LoadPlan, WindowPlan
from loadtests.engine.pool import Pool
from loadtests.engine.recording import MICROSECOND_S
from loadtests.engine.search import GAP_S, SearchSession

from .trial import FIXED, Host, Request, Runner, World

LATE_S = 0.1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    for one in (module, session_module):
        monkeypatch.setattr(one, "time", made)
        monkeypatch.setattr(one, "tell", made.tell)
        monkeypatch.setattr(one, "gevent", SimpleNamespace(sleep=made.sleep, spawn=made.spawn))
    monkeypatch.setattr(session_module, "beat", partial(beat, clock=made.monotonic, sleep=made.sleep))
    yield made
    gevent.killall(made.greenlets)


def window(number: int, host: int, rate_rps: float, folder: Path, most_late: int = 5) -> WindowPlan:
    return WindowPlan(number, host, rate_rps, 7, 0.2, 1.0, LATE_S, most_late, str(folder / f"{number}.npz"))


def conducted(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    windows: list[WindowPlan],
    took_s: Callable[[int], float] = lambda _: 0.03,
) -> list[Request]:
    """The requests that two hosts saw in these windows; request n takes `took_s(n)`."""
    monkeypatch.setattr(module, "asked", lambda: iter(windows))
    plan = LoadPlan(
        ["http://x", "http://y"], FIXED, 1.0, 9.0, 9.0, 9.0, str(folder / "requests.npz"), 1, None, searches=True
    )
    session = SearchSession(plan)
    seen: list[Request] = []
    each = map(took_s, range(10_000))
    pools = [Pool(Host(number, world, seen, each), 50, session.waiting, session.keep) for number in range(2)]

    def driver() -> None:
        for number, arrivals, end_s in session.schedules(FIXED):
            drive(arrivals, pools[number], end_s, clock=world.monotonic, sleep=world.sleep)

    runner = Runner()
    world.wait_for(world.spawn(driver), world.spawn(session.conduct, runner))
    assert runner.ended
    return seen


def test_each_window_is_sent_to_its_host_at_its_rate_once_nothing_is_in_flight(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = conducted(world, monkeypatch, tmp_path, [window(0, 1, 50.0, tmp_path), window(1, 0, 200.0, tmp_path)])
    first, second = world.all("measured")
    assert {one.host for one in seen if one.sent_s < first["end_s"]} == {1}
    assert {one.host for one in seen if one.sent_s >= second["begin_s"]} == {0}
    assert second["begin_s"] >= first["done_s"] + GAP_S
    assert max(one.done_s for one in seen if one.host == 1) <= first["done_s"]
    for told, rate_rps in ((first, 50.0), (second, 200.0)):
        assert told["end_s"] - told["start_s"] == pytest.approx(1.0)
        assert told["start_s"] - told["begin_s"] == pytest.approx(0.2)
        own = [one for one in seen if told["begin_s"] <= one.sent_s < told["end_s"]]
        assert len(own) == pytest.approx(1.2 * rate_rps, abs=1)


def test_every_request_is_in_the_file_of_its_window(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = conducted(world, monkeypatch, tmp_path, [window(0, 1, 50.0, tmp_path), window(1, 0, 200.0, tmp_path)])
    for number, host in ((0, 1), (1, 0)):
        with np.load(tmp_path / f"{number}.npz") as rows:
            assert set(rows["measurement"]) == {host}
            assert set(rows["slice"]) == {number}
            exact = [one.done_s for one in seen if one.host == host]
            assert list(rows["done_s"]) == pytest.approx(exact, abs=MICROSECOND_S / 2)
            assert not any((rows["done_s"] / MICROSECOND_S) % 1)
            assert len(rows["beat_s"]) > 100


def test_a_window_ends_as_soon_as_too_many_answers_are_late(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = conducted(world, monkeypatch, tmp_path, [window(0, 0, 100.0, tmp_path)], lambda _: 0.3)
    (told,) = world.all("measured")
    # The sixth request of the window is late 100 ms after its arrival.
    sixth_s = sorted(one.scheduled_s for one in seen if one.scheduled_s >= told["start_s"])[5]
    assert told["end_s"] == pytest.approx(sixth_s + LATE_S, abs=0.03)
    assert world.all("cut") == [{"end_s": told["end_s"]}]
    assert told["done_s"] >= max(one.done_s for one in seen)


def test_late_answers_of_the_lead_do_not_count(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    conducted(world, monkeypatch, tmp_path, [window(0, 0, 100.0, tmp_path)], lambda n: 0.15 if n < 20 else 0.03)
    (told,) = world.all("measured")
    assert told["end_s"] - told["start_s"] == pytest.approx(1.0)


def test_so_many_as_are_allowed_may_be_late(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    late = range(60, 65)
    conducted(world, monkeypatch, tmp_path, [window(0, 0, 100.0, tmp_path)], lambda n: 0.15 if n in late else 0.03)
    (told,) = world.all("measured")
    assert told["end_s"] - told["start_s"] == pytest.approx(1.0)
    again = [replace(window(1, 0, 100.0, tmp_path), most_late=4)]
    conducted(world, monkeypatch, tmp_path, again, lambda n: 0.15 if n in late else 0.03)
    assert world.all("measured")[1]["end_s"] - world.all("measured")[1]["start_s"] < 1.0
