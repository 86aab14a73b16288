"""What a cell orders of its load generator, and how it follows the events that this reports."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.errors import BenchError
from bench.model.cell import CellKey, Slice, Window
from bench.model.config import Closed
from bench.model.search import Key
from bench.plan.turns import Pace, slices
from bench.run.cell import visit
from bench.run.cell.load import LoadGenerator
from bench.run.cell.looks import Looker
from bench.run.cell.sampler import Sampler
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.testbed.setting import Progress, Setting
from bench.run.testbed.testbed import Testbed as Bed  # pytest would collect a class of this name
from tests.unit.builders import FLASK, plan

KEY = CellKey("flask", "weather", Closed(users=10), 1, 0)
BEGIN = {"event": "begin", "warmup_s": 100.0}
WINDOW = {"event": "window", "start_s": 101.0, "end_s": 102.0, "answered": 10}
DRAIN, END = {"event": "drain", "end_s": 102.0}, {"event": "end", "requests": 5, "left": 0}


def progress(t_s: float, done: int) -> dict[str, Any]:
    return {"event": "progress", "t_s": t_s, "done": done, "failed": 0, "p95_s": 0.1, "waiting": 0}


def silent(key: Key, name: str, live: str = "") -> None:
    raise AssertionError(key, name, live)


def setting(progress: Progress = silent) -> Setting:
    return Setting(plan({"flask": FLASK}, {"weather": (10,)}), 1, CpuSets((), ()), Path(), StopRequest(), progress)


def bed(*roles: str) -> Bed:
    return cast(
        "Bed",
        SimpleNamespace(
            servers={role: SimpleNamespace(url=f"http://{role}") for role in roles}, programs=[], trees=roles
        ),
    )


def test_one_server_is_measured_in_one_window() -> None:
    order = visit._order(KEY, bed("server"), setting(), None)
    assert (order.hosts, order.slices, order.spread_s) == (("http://server",), (), 0.0)
    assert (order.load, order.scenario.name, order.timing) == (KEY.load, "weather", setting().plan.profile.timing)


def test_two_servers_are_measured_in_slices_of_a_pace_which_differ_between_cells() -> None:
    pace = Pace(p50_s=0.02, least_s=0.1)
    order = visit._order(KEY, bed("base", "head"), setting(), pace)
    assert order.hosts == ("http://base", "http://head")
    assert order.spread_s == 0.02
    assert order.slices == slices(pace, order.timing, "1/0")
    assert {one.measurement for one in order.slices} == {0, 1}
    other = visit._order(replace(KEY, order=1), bed("base", "head"), setting(), pace)
    assert order.slices != other.slices


def test_poisson_arrivals_have_the_seed_of_the_round() -> None:
    assert visit._order(KEY, bed("server"), setting(), None).seed == setting().round_seed(KEY)


class Followed:
    """The phases that were shown while a cell followed these events, when it asked for a reading, and its course."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.phases: list[str] = []
        self.readings_s: list[float] = []
        program = SimpleNamespace(log_tail=lambda: "; log: load.log")
        load = SimpleNamespace(events=lambda *_: iter(events), program=program)
        sampler = SimpleNamespace(read_at=self.readings_s.append)
        self.course = visit._follow(
            KEY,
            bed("server"),
            setting(self),
            cast("LoadGenerator", load),
            cast("Sampler", sampler),
            cast("Looker", SimpleNamespace(begin=lambda: self.phases.append("looks"))),
        )

    def __call__(self, key: Key, name: str, live: str = "") -> None:
        assert key == KEY
        self.phases.append(f"{name}, {live}" if live else name)


def test_the_window_is_the_one_that_the_load_generator_reports_and_is_read_at_both_ends() -> None:
    followed = Followed(BEGIN, WINDOW, DRAIN, END)
    assert followed.course.window == Window(100.0, 101.0, 102.0, 10)
    assert followed.course.slices == []
    assert followed.readings_s == [101.0, 102.0]
    assert followed.phases == ["warm up", "measure", "drain"]


def test_looks_begin_when_the_load_generator_says_so() -> None:
    assert Followed(BEGIN, WINDOW, {"event": "look"}, DRAIN, END).phases == ["warm up", "measure", "looks", "drain"]


def test_a_window_that_grows_is_read_at_each_of_its_ends() -> None:
    followed = Followed(BEGIN, WINDOW, {"event": "grow", "end_s": 103.5}, {"event": "grow", "end_s": 104.0}, DRAIN, END)
    assert followed.course.window == Window(100.0, 101.0, 104.0, 10)
    assert followed.readings_s == [101.0, 102.0, 103.5, 104.0]


def test_progress_is_shown_in_the_phase_that_it_belongs_to() -> None:
    followed = Followed(BEGIN, progress(100.5, 50), WINDOW, progress(101.5, 250), DRAIN, END)
    assert followed.phases == ["warm up", "warm up", "measure", "measure, 200/s, P95 100 ms", "drain"]


def reported(numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        facts = {"number": number, "measurement": number % 2, "begin_s": 100.0 + number}
        yield {"event": "slice", **facts}
        yield {"event": "sliced", **facts, "start_s": 100.2 + number, "end_s": 100.8 + number, "done_s": 100.9 + number}


def test_the_slices_are_those_that_the_load_generator_reports_and_readings_are_taken_right_after_each() -> None:
    followed = Followed(BEGIN, *reported(range(3)), END)
    assert followed.course.window is None
    assert followed.course.slices == [
        Slice(number, number % 2, 100.0 + number, 100.2 + number, 100.8 + number, 100.9 + number) for number in range(3)
    ]
    assert followed.readings_s == [0.0, 0.0, 0.0]
    assert followed.phases == ["warm up", "slice 1", "slice 2", "slice 3"]


def test_a_request_that_outlasts_its_timeout_is_an_error_that_names_the_log() -> None:
    with pytest.raises(BenchError, match=r"2 requests outlasted their timeout; log: load\.log"):
        Followed(BEGIN, WINDOW, DRAIN, {**END, "left": 2})


def test_a_load_without_a_window_or_a_slice_is_an_error_that_names_the_log() -> None:
    with pytest.raises(BenchError, match=r"the load generator never began; log: load\.log"):
        Followed(BEGIN, END)
