import json
import math
from dataclasses import replace
from typing import Any

import pytest

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.unpaired import judge_unpaired
from bench.judge.gate.verdict import Change, Judgement
from bench.model.wrong_answer import WrongAnswer
from bench.show.verdict.json import figures
from tests.unit.builders import changed
from tests.unit.sessions import STACKS, Recipe, ordinary, session

FLASK, FASTAPI = STACKS


@pytest.fixture
def slower() -> Judgement:
    return judge_paired(session(Recipe(effects={(FLASK, "cpu"): 1.2})), Gate(fail_on={"cpu": 0.02}))


def read(judgement: Judgement) -> Any:
    def no_constant(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    return json.loads(figures(judgement), parse_constant=no_constant)


def test_a_verdict_has_its_version_its_reason_and_what_it_was_held_to(slower: Judgement) -> None:
    found = read(slower)
    assert (found["version"], found["verdict"], found["exit_code"]) == (2, "regressed", 1)
    assert found["headline"].startswith("regressed: flask-gthread, weather, 100 users: CPU per request +")
    assert found["why"].endswith("The whole interval lies beyond the threshold of 2 %.")
    assert (found["alpha"], found["family"], found["paired"]) == (0.05, 18, True)
    assert (found["controls"], found["control_moved"], found["identical_code"]) == ([FASTAPI], False, False)
    assert found["base"] == {"name": "main", "commit": "1" * 40, "dirty": False}


def test_a_finding_has_plain_numbers_in_base_units(slower: Judgement) -> None:
    one = read(slower)["findings"][0]
    assert (one["stack"], one["scenario"], one["load"]) == (FLASK, "weather", {"model": "closed", "users": 100})
    assert (one["metric"], one["unit"], one["better"], one["compared_by"]) == ("cpu", "s", "lower", "ratio")
    assert (one["verdict"], one["gated"], one["control"], one["threshold"]) == ("regressed", True, False, 0.02)
    assert (one["tolerance"], one["at_most"]) == (0.02, pytest.approx(0.207, abs=0.002))
    assert one["base"] == pytest.approx(0.0011, rel=0.1)
    assert one["change"]["low"] < one["change"]["mean"] == pytest.approx(0.2, abs=0.01)
    assert one["p_adjusted"] == pytest.approx(18 / 1024)
    assert one["rounds"] == {"base": 10, "head": 10}


def test_all_figures_are_there_and_told_apart(slower: Judgement) -> None:
    findings = read(slower)["findings"]
    assert [one["gated"] for one in findings] == [True] * 18 + [False] * 10
    assert {one["stack"] for one in findings if one["control"]} == {FASTAPI}


def test_the_looks_and_what_they_share_are_there(slower: Judgement) -> None:
    keys = ("alpha", "level", "looks", "decided_after", "unchanged")
    assert [read(slower)[key] for key in keys] == [0.05, 0.05, [10], 10, False]
    run = session(Recipe(restarts=13, effects={(FLASK, "cpu"): 1.2}))
    assert run.ab is not None
    planned = replace(run, ab=replace(run.ab, looks=(10, 13, 16, 20)))
    assert [read(judge_paired(planned, Gate()))[key] for key in keys] == [0.05, 0.0125, [10, 13, 16, 20], 13, False]
    undecided = judge_paired(session(Recipe(restarts=4)), Gate())
    assert [read(undecided)[key] for key in keys] == [0.05, 0.05, [4], None, False]
    same = judge_paired(replace(run, ab=replace(run.ab, unchanged=True)), Gate())
    assert [read(same)[key] for key in ("unchanged", "verdict", "exit_code", "findings")] == [
        True,
        "no regression",
        0,
        [],
    ]


def test_what_is_no_number_is_null(slower: Judgement) -> None:
    odd = replace(
        slower.findings[0],
        base=math.nan,
        head=math.inf,
        change=Change(math.nan, None, -math.inf),
        p=None,
        detectable=math.inf,
        at_most=None,
    )
    one = read(replace(slower, findings=(odd,)))["findings"][0]
    assert [one[key] for key in ("base", "head", "p_adjusted", "detectable", "needed", "at_most")] == [None] * 6
    assert one["change"] == {"mean": None, "low": None, "high": None}


def test_the_first_wrong_answers_of_each_side_are_there() -> None:
    busy = WrongAnswer("status 503", 503, (), "busy", 4, "status 200")
    base = ordinary(rounds=2)
    judgement = judge_unpaired(
        base, replace(base, cells=tuple(changed(one, wrong_answers=(busy,)) for one in base.cells)), Gate()
    )
    found = read(judgement)["wrong_answers"]
    assert {one["side"] for one in found} == {"head"}
    assert [one["stack"] for one in found] == list(dict.fromkeys(one.stack for one in base.cells))
    assert (found[0]["status"], found[0]["body"], found[0]["expected"]) == (503, "busy", "status 200")


def test_what_two_runs_differ_in_is_there() -> None:
    base = ordinary(rounds=1)
    found = read(judge_unpaired(base, replace(base, seed=9), Gate()))
    assert (found["verdict"], found["exit_code"], found["findings"]) == ("not comparable", 3, [])
    assert found["differences"] == [{"field": "seed", "base": "7", "head": "9"}]
    assert found["paired"] is False
