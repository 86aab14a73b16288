"""The requests of scenarios, and whether answers to them are right, as the locustfiles tell it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import Scenario
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.host.signals import StopRequest
from bench.run.session.asking import requests_of, wrong_ones
from bench.run.testbed.inprocess import Answer


@pytest.fixture
def weather() -> Scenario:
    return make_plan(load_config([DEFAULT_CONFIG]), "instructions", scenarios=["weather"]).scenarios["weather"]


def written(folder: Path, scenario: Scenario, text: str) -> dict[str, Scenario]:
    (folder / "mine.py").write_text(text, encoding="utf-8")
    return {"mine": replace(scenario, locustfile=str(folder / "mine.py"))}


def test_a_scenario_has_one_request_and_an_answer_is_right_or_says_what_is_wrong(weather: Scenario) -> None:
    scenarios = {"weather": weather}
    assert requests_of(scenarios, StopRequest())["weather"]["target"] == "/weather?city=London"
    answers = [Answer(200, b'{"city": "London", "temp_c": 1.5}'), Answer(502, b"")]
    right, wrong = wrong_ones(scenarios, [("weather", one) for one in answers], StopRequest())
    assert right == ""
    assert wrong == "status 502 where right is status 200"


def test_a_locustfile_that_repeats_no_request_is_refused_with_what_to_do(tmp_path: Path, weather: Scenario) -> None:
    scenarios = written(tmp_path, weather, "from locust import HttpUser\nclass Mine(HttpUser): pass\n")
    with pytest.raises(BenchError, match=r"scenarios\.mine cannot be counted: its locustfile .* other --scenarios"):
        requests_of(scenarios, StopRequest())


def test_a_locustfile_that_cannot_be_imported_is_told_with_its_error(tmp_path: Path, weather: Scenario) -> None:
    scenarios = written(tmp_path, weather, "import nowhere_at_all\n")
    with pytest.raises(BenchError, match=r"the locustfiles cannot be imported: .*No module named 'nowhere_at_all'"):
        requests_of(scenarios, StopRequest())
