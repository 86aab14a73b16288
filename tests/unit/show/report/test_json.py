import json
from typing import Any

import pytest

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from bench.model.wrong_answer import WrongAnswer
from bench.show.report.json import figures
from tests.unit.builders import Shape, broken, cell, changed, plan, run_of
from tests.unit.judge.capacity.test_crossover import constant, falling, measured

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
PLAN = plan({"flask": Shape(1), "fast": Shape(1)}, {"weather": (10,)})


def told(cells: list[Cell]) -> dict[str, Any]:
    run = run_of(PLAN, tuple(cells))
    found, compared = rows(run.cells, PLAN), ratios(run.cells, PLAN)
    document: dict[str, Any] = json.loads(figures(run, found, compared))
    return document


def test_every_figure_is_there_in_base_units_with_its_interval_and_rounds() -> None:
    cells = [cell(name, 10, n, throughput_rps=100.0 * n) for name in ("flask", "fast") for n in (1, 2, 4)]
    document = told(cells)
    row = document["rows"][0]
    assert row["stack"] == "flask"
    assert row["load"] == {"model": "closed", "users": 10}
    assert row["figures"]["throughput"]["mean"] == pytest.approx(200)
    assert row["figures"]["throughput"]["rounds"] == [100, 200, 400]
    assert row["figures"]["throughput"]["low"] < 200 < row["figures"]["throughput"]["high"]
    assert row["figures"]["p95"]["rounds"] == [0.1] * 3
    assert row["figures"]["p95"]["low"] == row["figures"]["p95"]["high"] == pytest.approx(0.1)
    assert [one["name"] for one in document["metrics"]] == [
        "throughput", "p95", "memory", "cpu", "p50", "p99", "maximum",
    ]  # fmt: skip
    assert row["figures"]["p50"]["mean"] == row["figures"]["p99"]["mean"] == pytest.approx(0.1)
    assert row["figures"]["maximum"] == {"largest": 0.1, "rounds": [0.1] * 3}
    assert row["requests"] == {"asked": 300, "failed": 0, "share": 0}
    assert {(one["stack"], one["against"], one["direction"]) for one in document["ratios"]} == {
        ("fast", "flask", "same")
    }
    assert document["answer"]
    assert document["version"] == 2
    assert row["bottlenecks"] == {"nothing": "so the figures show"}


def test_an_unreliable_figure_is_null_and_says_why() -> None:
    row = told([cell("flask", 10, 1, problems=(LATE,))])["rows"][0]
    assert row["figures"]["p95"] is None
    assert row["unreliable"]["p95"]["detail"] == "off by 6 ms"
    assert row["figures"]["throughput"]["low"] is None


def test_the_first_wrong_answer_of_each_kind_is_there_as_it_came() -> None:
    busy = WrongAnswer("status 503", 503, ("Server: odd",), "busy", 4, "status 200")
    cells = [changed(cell("flask", 10, number), wrong_answers=(busy,)) for number in (1, 2)]
    assert told(cells)["wrong_answers"] == [
        {
            "stack": "flask", "scenario": "weather", "error": "status 503", "status": 503, "headers": ["Server: odd"],
            "body": "busy", "body_bytes": 4, "expected": "status 200",
        }
    ]  # fmt: skip


def test_what_a_stack_failed_is_in_its_row_and_in_each_of_its_ratios() -> None:
    document = told([cell("flask"), broken(cell("fast"), ok=3, errors={"status 503": 97})])
    wanted = {"stack": "fast", "asked": 100, "failed": 97, "share": 0.97, "by_error": {"status 503": 97}}
    sound, row = document["rows"]
    assert (sound["failures"], row["failures"]) == (None, wanted)
    assert (sound["bottlenecks"], row["bottlenecks"]) == ({"nothing": "so the figures show"}, {})
    assert [(one["metric"], one["failures"]) for one in document["ratios"]] == [("throughput", [wanted])]


def test_capacities_have_their_figures_at_the_common_rate_and_where_which_stack_is_ahead() -> None:
    searched = measured({"flask": constant(0.001), "fastapi": falling(200.0)}, noise={"fastapi": (1.01, 1.0, 0.99)})
    document = json.loads(figures(searched, (), ()))
    flask = document["capacities"][0]
    assert (flask["stack"], flask["common_rps"], flask["common_achieved"]) == ("flask", 100.0, [1.0, 1.0, 1.0])
    assert flask["common_s_per_request"]["rounds"] == pytest.approx([0.00099, 0.001, 0.00101])
    cpu, memory, p95 = document["crossovers"]
    assert [one["metric"] for one in (cpu, memory, p95)] == ["cpu", "memory", "p95"]
    assert (cpu["stack"], cpu["against"], cpu["scenario"]) == ("fastapi", "flask", "weather")
    assert [(one["stack"], round(one["low_rps"]), round(one["high_rps"])) for one in cpu["ahead"]] == [
        ("flask", 50, 158), ("fastapi", 251, 794),
    ]  # fmt: skip
    middle = next(one for one in cpu["rates"] if round(one["rate_rps"]) == 200)
    assert (middle["ahead"], len(middle["rounds"])) == (None, 3)
    assert middle["mean"] == pytest.approx(1.0, rel=0.01)
    assert middle["low"] < middle["mean"] < middle["high"]
    assert (memory["rates"], memory["ahead"]) == ([], [])
