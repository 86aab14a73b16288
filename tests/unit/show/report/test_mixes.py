import json

import pytest

from bench.judge.stacks.mixes import route_rows
from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Distribution, Problem, Requests, Route
from bench.show.report import json as report_json
from bench.show.report.document import report
from bench.show.report.mixes import section
from bench.show.text import terminal
from bench.show.text.document import Section, Table, within
from tests.unit.builders import Shape, cell, changed, plan, run_of

PLAN = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=2)
LATE = Problem("upstream late", "off by 6 ms", ("latency",))


def mixed(stack: str, number: int, p95_s: float, problems: tuple[Problem, ...] = ()) -> Cell:
    latency_s = Distribution(0.05, 0.05, 0.06, p95_s, 0.2, 0.3)
    routes = (
        Route("buy", Requests(300, 2, 1, 0, {"status 500": 2}), latency_s),
        Route("look", Requests(100, 0, 0, 0, {}), None),
    )
    return changed(cell(stack, number=number), routes=routes, problems=problems)


def lines(cells: list[Cell]) -> list[list[str]]:
    found = section(run_of(PLAN, tuple(cells)), rows(cells, PLAN))
    assert found is not None
    (table,) = [block for block in within([found]) if isinstance(block, Table)]
    return [[one.text for one in row] for row in table.rows]


def test_each_request_of_a_mix_has_a_row_with_counts_and_percentiles_over_the_rounds() -> None:
    found = lines([mixed("a", 1, 0.1), mixed("a", 2, 0.1), mixed("b", 1, 0.2)])
    assert [row[:4] for row in found] == [
        ["a", "buy", "606", "6"], ["a", "look", "200", "0"], ["b", "buy", "303", "3"], ["b", "look", "100", "0"],
    ]  # fmt: skip
    assert found[0][4:] == ["50.0 ms", "100 ms", "200 ms"]
    assert found[1][4:] == ["-", "-", "-"]
    assert found[2][5] == "200 ms"


def test_rounds_with_an_unreliable_latency_count_and_give_no_percentile() -> None:
    rounds = [mixed("a", 1, 0.1, problems=(LATE,)), mixed("a", 2, 0.3)]
    (buy, _) = route_rows(rounds, PLAN)
    assert (buy.asked, buy.p95 and buy.p95.values) == (606, (0.3,))
    (buy, _) = route_rows([mixed("a", 1, 0.1, problems=(LATE,))], PLAN)
    assert (buy.asked, buy.p95) == (303, None)


def test_an_unreliable_percentile_says_so_and_loads_come_in_the_order_of_the_results() -> None:
    cells = [mixed("b", 1, 0.1), mixed("a", 1, 0.1, problems=(LATE,))]
    assert [row[:2] + row[5:6] for row in lines(cells)] == [
        ["b", "buy", "100 ms"], ["b", "look", "-"], ["a", "buy", "unreliable"], ["a", "look", "-"],
    ]  # fmt: skip


def test_a_run_without_a_mix_has_no_such_section() -> None:
    assert section(run_of(PLAN, (cell("a"),)), rows([cell("a")], PLAN)) is None


def test_the_report_and_its_json_have_the_requests() -> None:
    run = run_of(PLAN, (mixed("a", 1, 0.1), mixed("b", 1, 0.2)))
    found, compared = rows(run.cells, PLAN), ratios(run.cells, PLAN)
    whole = report(run, found, compared)
    assert any(isinstance(block, Section) and block.title == "Requests, one by one" for block in whole.blocks)
    assert "Requests, one by one" in terminal.render(whole)
    told = json.loads(report_json.figures(run, found, compared))["routes"]
    assert [(one["stack"], one["request"], one["asked"], one["failed"]) for one in told[:2]] == [
        ("a", "buy", 303, 3), ("a", "look", 100, 0),
    ]  # fmt: skip
    assert told[0]["p95"] == {"mean": pytest.approx(0.1), "low": None, "high": None, "rounds": [pytest.approx(0.1)]}
    assert told[1]["p95"] is None
