"""The table of what servers and their companions cost."""

import json

from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, CompanionUse, Problem
from bench.show.report import json as report_json
from bench.show.report.companions import section
from bench.show.text.document import Table, within
from tests.unit.builders import Shape, cell, changed, plan, run_of

PLAN = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=2)


def beside(stack: str, number: int, *companions: CompanionUse, problems: tuple[Problem, ...] = ()) -> Cell:
    return changed(cell(stack, number=number), companions=companions, problems=problems)


def lines(*cells: Cell) -> list[list[str]]:
    found = section(run_of(PLAN, cells), rows(cells, PLAN))
    if found is None:
        return []
    (table,) = [block for block in within([found]) if isinstance(block, Table)]
    return [[one.text for one in row] for row in table.rows]


DB = CompanionUse("db", 0.25, 0.002, 50e6)
WORKER = CompanionUse("worker", 0.0, 0.0, None)


def test_a_service_costs_what_its_server_and_its_companions_use() -> None:
    one = beside("a", 1, DB, WORKER)
    measured = one.measurement
    assert measured.cpu is not None
    assert measured.cpu.server_s_per_request is not None
    server, db, worker, together = lines(one)
    assert [row[:2] for row in (server, db, worker, together)] == [
        ["a", "server"], ["a", "db"], ["a", "worker"], ["a", "together"],
    ]  # fmt: skip
    assert db[2:] == ["0.250", "2.00 ms", "50.0 MB"]
    assert worker[2:] == ["0", "0 s", "-"]
    assert together[4] == "-"  # where one part is not known, the sum is not
    cost = json.loads(report_json.figures(run_of(PLAN, (one,)), rows((one,), PLAN), ()))["companions"]
    assert cost[3]["s_per_request"]["mean"] == measured.cpu.server_s_per_request + 0.002
    assert cost[3]["cores"]["mean"] == measured.cpu.server_cores + 0.25


def test_rounds_whose_cpu_is_unreliable_are_left_out_and_stacks_without_companions_have_no_table() -> None:
    spoilt = Problem("other programs", "a compiler", ("cpu",))
    found = lines(beside("a", 1, DB), beside("a", 2, CompanionUse("db", 0.9, 0.9, 9e6), problems=(spoilt,)))
    assert found[1][2:] == ["0.250", "2.00 ms", "50.0 MB"]
    assert lines(cell("b")) == []
