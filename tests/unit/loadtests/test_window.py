"""A run with one window, without Locust. The window lasts a tenth of a second."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import gevent
import numpy as np
import pytest

from loadtests.engine import session as module
from loadtests.engine.arrivals import Closed, Open
from loadtests.engine.plan import LoadPlan, handed_plan
from loadtests.engine.window import WindowSession

LOAD = Open(10.0, "fixed", 5, 1)


class Runner:
    """Notes that it was quit."""

    def __init__(self) -> None:
        self.ended = False

    def quit(self) -> None:
        self.ended = True


def plan_of(folder: Path, load: Closed | Open = LOAD, timeout_s: float = 1.0) -> LoadPlan:
    output = str(folder / "requests.npz")
    return LoadPlan(["http://x"], load, timeout_s, 0.05, 0.1, 0.1, output, 1, None)


def test_the_samples_are_written_only_after_the_driver_has_sent_its_whole_schedule(tmp_path: Path) -> None:
    session = WindowSession(plan_of(tmp_path))

    def late() -> None:
        gevent.sleep(0.3)
        session.recorder.add(1.0, 1.0, 1.0, 200, 0)
        session.driven.set()

    gevent.spawn(late)
    session.entered.set()
    session.conduct(Runner())
    with np.load(tmp_path / "requests.npz", allow_pickle=False) as arrays:
        assert arrays["scheduled_s"].tolist() == [1.0]


def test_a_driver_that_failed_fails_the_run_and_locust_ends(tmp_path: Path) -> None:
    session = WindowSession(plan_of(tmp_path, timeout_s=-0.95))
    runner = Runner()
    session.entered.set()
    with pytest.raises(RuntimeError, match=r"^the schedule was not sent to its end: the driver has failed$"):
        session.conduct(runner)
    assert runner.ended
    assert not (tmp_path / "requests.npz").exists()


def test_the_run_waits_for_beats_that_are_late_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(begun_s: float, end_s: Callable[[], float], keep: Callable[[float, float], None]) -> None:
        while end_s() == math.inf:
            gevent.sleep(0.01)
        gevent.sleep(0.05)
        keep(begun_s, 0.05)

    monkeypatch.setattr(module, "beat", late)
    session = WindowSession(plan_of(tmp_path))
    session.entered.set()
    session.driven.set()
    session.conduct(Runner())
    with np.load(tmp_path / "requests.npz", allow_pickle=False) as arrays:
        assert arrays["beat_s"].tolist() == [session.begun_s]


def test_a_closed_loop_run_records_beats_too(tmp_path: Path) -> None:
    session = WindowSession(plan_of(tmp_path, Closed(1)))
    session.answered.add(0)
    session.entered.set()
    session.conduct(Runner())
    with np.load(tmp_path / "requests.npz", allow_pickle=False) as arrays:
        assert len(arrays["beat_s"]) >= 15
        assert arrays["beat_s"][0] == session.begun_s


def test_a_plan_with_an_unknown_key_is_an_error_and_without_a_file_there_is_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {
        "hosts": [], "load": {"model": "closed", "users": 2}, "timeout_s": 1.0, "warmup_s": 1.0, "window_s": 1.0,
        "window_limit_s": 1.0, "output": "x", "seed": 1, "asked": None,
    }  # fmt: skip
    file = tmp_path / "load.json"
    monkeypatch.setenv("LOAD_PLAN", str(file))
    file.write_text(json.dumps(keys))
    plan = handed_plan()
    assert plan is not None
    assert plan.load == Closed(2)
    file.write_text(json.dumps(keys | {"think_s": 1}))
    with pytest.raises(TypeError):
        handed_plan()
    monkeypatch.delenv("LOAD_PLAN")
    assert handed_plan() is None


def test_users_start_one_after_another_and_none_sends_twice_before_the_last_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = WindowSession(plan_of(tmp_path, Closed(users=5)))
    slept_s: list[float] = []
    monkeypatch.setattr("loadtests.engine.session.time.monotonic", lambda: 100.0)
    monkeypatch.setattr("loadtests.engine.session.gevent.sleep", slept_s.append)
    session.begun_s = 100.0
    session.begun.set()
    session.sending = True
    assert [session.turn(0), session.turn(4), session.turn(0), session.turn(0)] == [0, 0, 0, 0]
    assert slept_s == [pytest.approx(0.003), pytest.approx(0.027), pytest.approx(0.03)]
    session.sending = False
    assert session.turn(0) is None
