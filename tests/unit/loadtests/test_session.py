"""Whether the users of a locustfile take part in a measured run."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from loadtests.engine import session as module
from loadtests.engine.arrivals import Closed, Open
from loadtests.engine.plan import LoadPlan, SlicePlan
from loadtests.engine.session import Session
from loadtests.engine.slices import SlicedSession
from loadtests.engine.window import WindowSession

from .in_locust import locust_file

WORDS = (
    "mine.py recorded nothing within 0.01 s of the start of its users: a user class that is measured derives from "
    "ScenarioUser of loadtests/engine/user.py, as the one of loadtests/weather.py does, and its on_start ends at once"
)
LOAD = Open(10.0, "fixed", 5, 1)
PLAN = LoadPlan(["http://x"], Closed(1), 1.0, 0.01, 0.05, 0.05, "x", 1, None)
SLICED = replace(PLAN, slices=(SlicePlan(0, 0.05, 0.0),))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.01)


@pytest.mark.parametrize("session", [WindowSession(PLAN), SlicedSession(SLICED)])
def test_a_run_in_which_no_user_takes_part_ends_with_words(session: Session) -> None:
    with pytest.raises(SystemExit) as ended:
        session.expect_users("mine.py")
    assert ended.value.code == WORDS


def user_of_a_window() -> Session:
    session = WindowSession(PLAN)
    session.begun.set()
    session.turn(0)
    return session


def driver_of_a_window() -> Session:
    session = WindowSession(PLAN)
    session.begun.set()
    next(session.schedules(LOAD))
    return session


def user_of_slices() -> Session:
    session = SlicedSession(SLICED)
    session.sending = True
    session.number = 0
    session.opened.set()
    session.turn(0)
    return session


def driver_of_slices() -> Session:
    session = SlicedSession(SLICED)
    session.number = 0
    session.opened.set()
    next(session.schedules(LOAD))
    return session


@pytest.mark.parametrize("taking_part", [user_of_a_window, driver_of_a_window, user_of_slices, driver_of_slices])
def test_a_user_who_asks_for_its_turn_takes_part_even_if_no_request_is_due_yet(
    taking_part: Callable[[], Session],
) -> None:
    session = taking_part()
    assert len(session.recorder) == 0
    session.expect_users("mine.py")


PLAIN = """
from locust import HttpUser, task


class Plain(HttpUser):
    @task
    def look(self):
        self.client.get("/")
"""


@pytest.mark.slow
@pytest.mark.parametrize("load", [Closed(users=1), LOAD])
def test_a_user_of_locusts_own_that_records_nothing_ends_the_load_with_words(
    load: Closed | Open, tmp_path: Path
) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    model = "closed" if isinstance(load, Closed) else "open"
    plan = {**asdict(PLAN), "load": {"model": model, **asdict(load)}, "output": str(tmp_path / "requests.npz")}
    (tmp_path / "load.json").write_text(json.dumps(plan))
    done = locust_file(
        tmp_path / "plain.py", "http://127.0.0.1:9", "--only-summary", "--loglevel", "ERROR",
        env={"LOAD_PLAN": str(tmp_path / "load.json")}, program="loadtests.engine",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == WORDS.replace("mine.py", "plain.py").replace("0.01 s", "5 s")
    assert '"end"' not in done.stdout
    assert not (tmp_path / "requests.npz").exists()
