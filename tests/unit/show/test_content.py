from collections.abc import Sequence
from dataclasses import replace

from bench.judge.comparison import rows
from bench.model import Cell, CellKey, Load, Machine, Plan, Problem
from bench.show.content import Content, content
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, failed, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))


def said(planned: Plan, cells: Sequence[Cell], notes: tuple[str, ...] = ()) -> Content:
    return content(run_of(planned, tuple(cells), notes), rows(cells, planned))


def one(rounds: int = 1) -> Plan:
    return plan({"a": Shape(1)}, {"weather": (10,)}, rounds=rounds)


def test_a_figure_stands_with_its_interval() -> None:
    cells = [cell("a", number=number, throughput_rps=rps) for number, rps in enumerate((90.0, 100.0, 110.0), start=1)]
    found = said(one(3), cells)
    assert found.groups[0].lines[0].figures[0] == ("99.7/s", "(77.7\u2013128)")
    assert "from a single round" not in " ".join(found.legend)


def test_a_single_round_is_said_to_have_no_interval() -> None:
    found = said(one(), [cell("a")])
    assert found.groups[0].lines[0].figures == (("100/s", ""), ("100 ms", ""), ("50.0 MB", ""), ("1.00 ms", ""))
    assert "A figure without brackets is from a single round and has no interval." in found.legend


def test_a_void_figure_is_shown_as_void_and_points_to_its_reason() -> None:
    found = said(one(), [cell("a", problems=(LATE,))])
    (line,) = found.groups[0].lines
    assert line.figures[1] == ("void [1]", "")
    assert line.figures[0] == ("100/s", "")
    assert found.problems == ("a on weather with 10 users: upstream late: off by 6 ms",)


def test_a_figure_of_some_rounds_points_to_why_the_others_have_none() -> None:
    found = said(one(2), [cell("a", number=1), cell("a", number=2, problems=(LATE,))])
    assert found.groups[0].lines[0].figures[1] == ("100 ms [1]", "")
    assert found.problems == ("a on weather with 10 users: upstream late in 1 of 2 rounds: off by 6 ms",)


def test_a_failed_cell_is_shown_as_failed_with_its_reason_and_never_as_zero() -> None:
    found = said(one(), [failed(CellKey("a", "weather", Load("closed", 10), 1, 0))])
    (line,) = found.groups[0].lines
    assert line.figures == (("failed [1]", ""),) * 4
    assert line.notes == "failed"
    assert found.problems == (
        "a on weather with 10 users: failed: start server: the server did not become ready in 30 s",
    )


def test_notes_name_the_outcome_what_binds_and_the_ceiling() -> None:
    planned = plan({"sync": SYNC}, {"weather": (10,)}, rounds=1)
    errors = Problem("service errors", "2 % failed", ("latency",))
    found = said(planned, [cell("sync", bound="slots", problems=(errors,))])
    assert found.groups[0].lines[0].notes == "degraded, bound by slots, ceiling 200/s"


def test_a_problem_that_voids_nothing_is_pointed_to_from_the_notes() -> None:
    found = said(one(), [cell("a", problems=(Problem("noisy", "steal 3 %"),))])
    assert found.groups[0].lines[0].notes == "[1]"


def test_rounds_that_are_lacking_are_counted() -> None:
    assert said(one(3), [cell("a")]).groups[0].lines[0].rounds == "1 of 3"
    assert said(one(1), [cell("a")]).groups[0].lines[0].rounds == "1"


def test_a_stack_kept_from_a_load_has_its_ceiling_stated() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500)}, max_users={"sync": 100, "loop": 10})
    assert said(planned, [cell("sync")]).remarks[:2] == (
        "sync was not run beyond 100 users on weather: its 4 slots, each held for at least 20.0 ms, "
        "allow at most 200/s at any load.",
        "loop was not run beyond 10 users on weather: its profile says so.",
    )


def test_a_run_that_ended_early_says_what_it_lacks() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (1,)}, rounds=1)
    assert said(planned, [cell("b", 1)]).remarks == ("a on weather with 1 user was not measured: the run ended early.",)
    assert said(planned, []).legend == ("No cell was recorded.",)


def test_notes_of_the_run_are_passed_on() -> None:
    assert said(one(), [cell("a")], ("nothing was pinned",)).remarks == ("nothing was pinned",)


def test_rows_keep_the_order_of_the_plan_whoever_is_faster() -> None:
    planned = plan({"slow": Shape(1), "fast": Shape(1)}, {"weather": (10,)}, rounds=1)
    found = said(planned, [cell("fast", throughput_rps=900.0), cell("slow", throughput_rps=1.0)])
    assert [line.stack for line in found.groups[0].lines] == ["slow", "fast"]


def test_memory_is_called_uss_where_there_is_no_pss() -> None:
    run = run_of(one(), (cell("a", pss_bytes=None),))
    machine = Machine("CPU", 2, 8_000_000_000, "Darwin", "23", "3.12.1", has_pss=False)
    found = content(replace(run, machine=machine), rows(run.cells, run.config))
    assert "memory, USS" in found.headers
    assert any("USS (this machine has no PSS)" in line for line in found.legend)
