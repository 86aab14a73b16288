"""What a locustfile must not have. The classes are made up: to import Locust would patch this process."""

from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import pytest

from loadtests.engine.refusal import refused

from .in_locust import locust_file

HERE = "test_refusal.py: class "


def ask(_user: object) -> None:
    pass


def other(_user: object) -> None:
    pass


def no_wait(_user: object) -> float:
    return 0.0


class Base:
    """As ScenarioUser is."""

    wait_time = no_wait
    wait_function = min_wait = max_wait = None
    fixed_count = 0
    ask = ask
    tasks: ClassVar[list[FunctionType]] = [ask]  # type: ignore[list-item]
    path = "/"


def user(name: str = "Mine", /, **attributes: Any) -> type[Any]:
    return type(name, (Base,), {"__module__": __name__, **attributes})


def said(*classes: type[Any], measured: bool = True) -> list[str]:
    return refused(classes, Base, measured=measured).splitlines()


def test_a_user_that_only_says_what_is_asked_and_what_is_right_is_measured() -> None:
    assert (
        said(
            user(
                method="POST",
                path="/x",
                headers={},
                body=b"x",
                status=201,
                accepts=lambda _: True,
                answer={"n": 1},
                on_start=other,
            )
        )
        == []
    )


@pytest.mark.parametrize("name", ["params", "data", "json", "cookies", "auth", "timeout"])
@pytest.mark.parametrize("measured", [False, True])
def test_what_would_not_be_sent_is_refused_by_its_name(name: str, measured: bool) -> None:
    (line,) = said(user(**{name: "POST"}), measured=measured)
    assert line == (
        f"{HERE}Mine sets {name}, which is not sent: write the request into `requests` of the scenario's table instead "
        f"of a locustfile (docs/requests.md), or remove or rename it"
    )


@pytest.mark.parametrize("name", ["wait_time", "min_wait", "wait_function"])
def test_a_wait_time_is_refused_and_what_to_do_instead(name: str) -> None:
    (line,) = said(user(**{name: lambda _: 1.0}))
    assert line.startswith(f"{HERE}Mine sets {name}, which is not measured: users send the next request as soon as")
    assert "use an open-loop load" in line


@pytest.mark.parametrize(
    "changes", [{"tasks": [ask, other]}, {"ask": other}, {"tasks": [ask, other, other], "ask": other}]
)
def test_a_task_of_its_own_is_refused_by_its_name(changes: dict[str, Any]) -> None:
    (line,) = said(user(**changes))
    assert line.startswith(f"{HERE}Mine has a task of its own, other, which is not measured")
    assert "write all requests into `requests` of the scenario's table" in line


def test_a_number_of_users_is_refused() -> None:
    (line,) = said(user(fixed_count=3))
    assert line.startswith(f"{HERE}Mine sets fixed_count, which is not measured: the load decides")


def test_a_second_user_class_is_refused_even_if_it_is_none_of_ours() -> None:
    for second in (user("Two"), type("Two", (), {"__module__": __name__})):
        (line,) = said(user("One"), second)
        assert line.startswith("test_refusal.py has 2 user classes (One, Two), and a scenario measures one")


def test_all_that_is_wrong_is_said_at_once() -> None:
    lines = said(user(data="x", json={}, wait_time=lambda _: 1.0, tasks=[ask, other]), user("Two"))
    assert len(lines) == 5


def test_by_hand_locust_itself_heeds_waits_tasks_and_classes() -> None:
    assert said(user(wait_time=lambda _: 1.0, tasks=[ask, other], fixed_count=1), user("Two"), measured=False) == []


def test_users_that_are_not_ours_are_none_of_its_business() -> None:
    assert said(type("Plain", (), {"__module__": __name__, "json": {}, "data": "x"})) == []


FILE = """
from locust import between, task
from loadtests.engine.user import ScenarioUser


class Shop(ScenarioUser):
    path = "/"
    wait_time = between(1, 2)
    data = "x"

    @task
    def pay(self):
        pass


class Guest(ScenarioUser):
    path = "/guest"
"""


def test_locust_ends_with_all_of_it_before_it_sends_anything(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(FILE)
    done = locust_file(tmp_path / "shop.py", "http://127.0.0.1:9", "--rate", "10")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("shop.py")]
    starts = (
        "shop.py: class Shop sets data, which is not sent",
        "shop.py: class Shop sets wait_time, which is not measured",
        "shop.py: class Shop has a task of its own, pay, which is not measured",
        "shop.py has 2 user classes (Guest, Shop)",
    )
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)
