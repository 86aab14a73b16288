from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, CellKey, Limit, Problem
from bench.model.config import Closed, Load, Open, Plan
from bench.model.run import Machine
from bench.show.report.content import Content, Shown, content
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, failed, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)


def said(planned: Plan, cells: Sequence[Cell], notes: tuple[str, ...] = ()) -> Content:
    return content(run_of(planned, tuple(cells), notes), rows(cells, planned), ratios(cells, planned))


def one(rounds: int = 1) -> Plan:
    return plan({"a": Shape(1)}, {"weather": (10,)}, rounds=rounds)


def test_a_figure_stands_with_its_interval() -> None:
    cells = [cell("a", number=number, throughput_rps=rps) for number, rps in enumerate((90.0, 100.0, 110.0), start=1)]
    found = said(one(3), cells)
    assert found.groups[0].lines[0].figures[0] == Shown("99.7/s", "(77.7\u2013128)")
    assert "from a single round" not in " ".join(found.legend)


def test_a_single_round_is_said_to_have_no_interval() -> None:
    found = said(one(), [cell("a")])
    assert found.groups[0].lines[0].figures == (Shown("100/s"), Shown("100 ms"), Shown("50.0 MB"), Shown("1.00 ms"))
    assert "A figure without brackets is from a single round and has no interval." in found.legend


def test_a_void_figure_is_shown_struck_and_points_to_its_reason() -> None:
    found = said(one(), [cell("a", problems=(LATE,))])
    (line,) = found.groups[0].lines
    assert line.figures[1] == Shown("100 ms", mark=1, struck=True)
    assert line.figures[0] == Shown("100/s")
    assert any("struck out" in text for text in found.legend)
    assert found.problems == ("a on weather with 10 users: upstream late: off by 6 ms",)


def test_a_figure_of_some_rounds_points_to_why_the_others_have_none() -> None:
    found = said(one(2), [cell("a", number=1), cell("a", number=2, problems=(LATE,))])
    (line,) = found.groups[0].lines
    assert line.figures[1] == Shown("100 ms", mark=1)
    assert line.rounds == "2"
    assert found.problems == ("a on weather with 10 users: upstream late in 1 of 2 rounds: off by 6 ms",)
    assert "A figure with a number beside it rests on fewer rounds than were recorded." in found.legend


def test_a_void_figure_that_was_never_read_is_a_word() -> None:
    found = said(one(), [cell("a", throughput_rps=0.0)])
    assert found.groups[0].lines[0].figures[0] == Shown("void", mark=1)


def test_a_figure_is_ordered_by_its_number_and_one_that_is_void_by_nothing() -> None:
    found = said(one(2), [cell("a", number=1), cell("a", number=2)]).groups[0].lines[0].figures
    assert [shown.sort for shown in found] == pytest.approx([100.0, 0.1, 50_000_000.0, 0.001])
    void = said(one(), [cell("a", throughput_rps=0.0, problems=(LATE,))]).groups[0].lines[0].figures
    assert [shown.sort for shown in void[:2]] == [None, None]


def test_problems_are_numbered_in_the_order_in_which_a_reader_meets_them() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    noisy = Problem("noisy", "steal 3 %")
    slow = Problem("service errors", "2 % failed", ("cpu",))
    found = said(planned, [cell("a", problems=(noisy, slow, LATE)), cell("b", problems=(noisy, LATE))])
    lines = found.groups[0].lines
    assert [[shown.mark for shown in line.figures] for line in lines] == [[None, 1, None, 2], [None, 4, None, None]]
    assert [line.notes for line in lines] == ["degraded, [3]", "load not high enough, [5]"]
    assert [text.split(": ")[1] for text in found.problems] == [
        "upstream late",
        "service errors",
        "noisy",
        "upstream late",
        "noisy",
    ]


def test_a_void_metric_of_several_problems_counts_the_rounds_of_the_one_it_names() -> None:
    stalled = Problem("generator stalled", "late by 9 ms", ("latency",))
    cells = [
        cell("a", number=number, problems=(problem,)) for number, problem in ((1, LATE), (2, stalled), (3, stalled))
    ]
    found = said(one(3), cells)
    assert found.groups[0].lines[0].figures[1].mark == 1
    assert found.groups[0].lines[0].notes.endswith("[2]")
    assert [text.partition(": ")[2] for text in found.problems] == [
        "upstream late in 1 of 3 rounds: off by 6 ms",
        "generator stalled in 2 of 3 rounds: late by 9 ms",
    ]


def test_a_failed_cell_is_shown_as_failed_with_its_reason_and_never_as_zero() -> None:
    found = said(one(), [failed(CellKey("a", "weather", Closed(users=10), 1, 0))])
    (line,) = found.groups[0].lines
    assert line.figures == (Shown("failed", mark=1),) * 4
    assert line.notes == "failed"
    assert found.problems == (
        "a on weather with 10 users: failed: start server: the server did not become ready in 30 s",
    )


def test_notes_name_the_outcome_what_binds_and_the_ceiling() -> None:
    planned = plan({"sync": SYNC}, {"weather": (10,)}, rounds=1)
    errors = Problem("service errors", "2 % failed", ("latency",))
    found = said(planned, [cell("sync", limit="slots", problems=(errors,))])
    assert found.groups[0].lines[0].notes == "degraded, bound by slots, ceiling 200/s"


def test_a_problem_that_voids_nothing_is_pointed_to_from_the_notes() -> None:
    found = said(one(), [cell("a", problems=(Problem("noisy", "steal 3 %"),))])
    assert found.groups[0].lines[0].notes == "load not high enough, [1]"


def test_rounds_that_are_lacking_are_counted() -> None:
    assert said(one(3), [cell("a")]).groups[0].lines[0].rounds == "1 of 3"
    assert said(one(1), [cell("a")]).groups[0].lines[0].rounds == "1"


def test_rounds_that_differ_in_what_binds_say_so() -> None:
    bounds: tuple[Limit, ...] = ("server cpu", "nothing", "server cpu")
    found = said(one(3), [cell("a", number=number, limit=bound) for number, bound in enumerate(bounds, start=1)])
    assert found.groups[0].lines[0].notes == "bound by server cpu in some rounds"


def test_a_load_that_nothing_binds_under_is_named_by_its_model() -> None:
    assert said(one(), [cell("a")]).groups[0].lines[0].notes == "load not high enough"
    assert said(one(), [cell("a", load=RATE)]).groups[0].lines[0].notes == "nothing binds"
    failing = Problem("service errors", "2 % failed", ("latency",))
    assert said(one(), [cell("a", problems=(failing,))]).groups[0].lines[0].notes == "degraded"


def test_open_and_closed_loads_share_no_table_and_no_heading() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (100,)}, rates={"weather": (100.0,)}, rounds=1)
    found = said(planned, [cell("a", 100), cell("a", load=RATE)])
    title = planned.scenarios["weather"].title
    assert [group.title for group in found.groups] == [f"{title}, 100 users (closed)", f"{title}, 100/s (open)"]
    closed, opened = (group.headers for group in found.groups)
    assert closed == ("stack", "throughput", "P95 at saturation", "memory, PSS", "CPU per request", "rounds", "notes")
    assert opened == ("stack", "achieved", "P95", "memory, PSS", "CPU per request", "rounds", "notes")


@pytest.mark.parametrize(("load", "closed"), [(Closed(users=10), True), (RATE, False)])
def test_only_the_load_models_that_occur_are_explained(load: Load, closed: bool) -> None:
    legend = " ".join(said(one(), [cell("a", load=load)]).legend)
    assert ("Closed loads" in legend) is closed
    assert ("Open loads" in legend) is not closed


def test_random_arrivals_are_named_in_the_title() -> None:
    planned = one()
    found = said(planned, [cell("a", load=replace(RATE, arrivals="poisson"))])
    assert found.groups[0].title.endswith(", 100/s (open, Poisson)")


def test_a_stack_kept_from_a_load_has_its_ceiling_stated() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500)}, max_users={"sync": 100, "loop": 10})
    assert said(planned, [cell("sync")]).remarks[:2] == (
        "sync was not run with 500 users on weather: its 4 slots, each held for at least 20.0 ms, allow at most 200/s.",
        "loop was not run with 500 users on weather: its profile says so.",
    )


def test_a_stack_kept_from_open_loads_has_all_of_them_named() -> None:
    planned = plan({"sync": SYNC}, {"weather": (10,)}, rates={"weather": (50.0, 300.0, 1000.0)})
    planned = replace(planned, profile=replace(planned.profile, max_rate_rps={"sync": 100.0}))
    assert said(planned, [cell("sync")]).remarks[0] == (
        "sync was not run at 300/s and 1000/s on weather: its 4 slots, each held for at least 20.0 ms, "
        "allow at most 200/s."
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
    found = content(replace(run, machine=machine), rows(run.cells, run.config), ratios(run.cells, run.config))
    assert "memory, USS" in found.groups[0].headers
    assert any("USS (this machine has no PSS)" in line for line in found.legend)
