from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bench.judge.cell.metrics import Model
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from bench.model.config import Open
from bench.show.report.overview import overview
from bench.show.text import document
from bench.show.text.document import Document, Table
from bench.show.text.footnotes import numbered
from tests.unit.builders import Shape, broken, cell, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
GROWS = Problem("memory grows", "10 kB for each request", ("memory",))
REPLACED = Problem("workers replaced", "twice")
PLAN = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100)}, rounds=1)


def choice(cells: Sequence[Cell], model: Model = "closed") -> document.Choice:
    return overview(run_of(PLAN, tuple(cells)), "x", model, rows(cells, PLAN))


def tables(cells: Sequence[Cell], model: Model = "closed") -> Mapping[str, Table]:
    """The tables by their titles."""
    found = {}
    for section in choice(cells, model).sections:
        (table,) = section.blocks
        assert isinstance(table, Table)
        found[section.title] = table
    return found


def test_stacks_are_rows_loads_are_columns_and_each_figure_has_a_table() -> None:
    found = tables([cell("a", 10), cell("a", 100), cell("b", 100, throughput_rps=200.0)])
    assert list(found) == [
        "Throughput",
        "P50 latency at saturation",
        "P95 latency at saturation",
        "P99 latency at saturation",
        "Memory (PSS)",
        "CPU per request",
        "Failed requests",
    ]
    throughput = found["Throughput"]
    assert [column.title for column in throughput.columns] == ["stack", "10 users", "100 users"]
    assert [[one.text for one in line] for line in throughput.rows] == [["a", "100/s", "100/s"], ["b", "-", "200/s"]]
    assert [[one.tint for one in line] for line in throughput.rows] == [[None, 0.0, 0.0], [None, None, 1.0]]
    assert throughput.tints


def test_throughput_and_p95_are_shown_where_nobody_can_choose() -> None:
    main = [one.title for one in choice([cell("a", 10), cell("a", 100)]).sections if not one.detail]
    assert main == ["Throughput", "P95 latency at saturation"]


def test_an_unreliable_value_is_struck_out_has_its_mark_and_no_tint() -> None:
    found = tables([cell("a", 10, p95_s=0.1), cell("a", 100, p95_s=0.9, problems=(LATE,)), cell("b", 10, p95_s=0.4)])
    p95 = found["P95 latency at saturation"]
    struck = p95.rows[0][2]
    assert (struck.struck, struck.tint, len(struck.notes)) == (True, None, 1)
    assert [one.tint for one in (p95.rows[0][1], p95.rows[1][1])] == [1.0, 0.0]
    assert found["P99 latency at saturation"].rows[0][2].struck
    assert found["Throughput"].rows[0][2].notes == ()


def test_a_problem_that_spoils_no_main_figure_is_marked_beside_the_stack() -> None:
    found = tables([cell("a", 10, problems=(GROWS, REPLACED, LATE)), cell("a", 100), cell("b", 10)])

    def names(table: Table) -> list[list[str]]:
        return [[note.problem.partition(":")[0] for note in one.notes] for one in table.rows[0]]

    assert names(found["Throughput"]) == [["memory grows", "workers replaced"], [], []]
    assert names(found["Memory (PSS)"]) == [["workers replaced"], ["memory grows"], []]
    assert found["Throughput"].rows[1][0].notes == ()


def test_the_main_tables_refer_to_every_problem() -> None:
    cells = [cell("a", 10, problems=(GROWS, REPLACED, LATE)), cell("b", 100, problems=(REPLACED,))]
    whole = Document("", "", (choice(cells),))
    main = document.one_after_another(whole)
    assert set(numbered(main)) == set(numbered(whole))
    assert len(numbered(main)) == 4


def test_an_achieved_rate_is_compared_by_its_share_of_the_offered_one() -> None:
    slow, fast = (Open(rate_rps=rate, arrivals="poisson", max_in_flight=500) for rate in (100.0, 400.0))
    cells = [
        cell("a", load=slow, throughput_rps=100.0),
        cell("a", load=fast, throughput_rps=400.0),
        cell("b", load=slow, throughput_rps=100.0),
        cell("b", load=fast, throughput_rps=200.0),
    ]
    achieved = tables(cells, "open")["Achieved rate"]
    assert [column.title for column in achieved.columns] == ["stack", "100/s (Poisson)", "400/s (Poisson)"]
    assert [one.tint for line in achieved.rows for one in line[1:]] == [1.0, 1.0, 1.0, 0.0]
    assert "offered" in achieved.tints


def test_failed_requests_are_a_share_with_their_number() -> None:
    cells = [broken(cell("a", 10), ok=75, errors={"status 503": 25}), cell("a", 100)]
    (line,) = tables(cells)["Failed requests"].rows
    assert [(one.text, one.detail, one.value) for one in line[1:]] == [("25.0 %", "(25)", 0.25), ("0 %", "(0)", 0.0)]
    assert [one.tint for one in line[1:]] == [0.0, 1.0]


@pytest.mark.parametrize("title", ["Throughput", "Memory (PSS)", "Failed requests"])
def test_nothing_is_said_of_tints_where_there_are_none(title: str) -> None:
    table = tables([cell("a", 10), replace(cell("a", 100))])[title]
    assert table.tints == ""
    assert {one.tint for line in table.rows for one in line} == {None}
