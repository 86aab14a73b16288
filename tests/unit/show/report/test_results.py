from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, CellKey, Limit, Problem
from bench.model.config import Closed, Open, Plan
from bench.model.run import Machine
from bench.show.report.results import section
from bench.show.text import document
from bench.show.text.document import Choice, Document, Note, Section, Table, within
from bench.show.text.footnotes import numbered
from tests.unit.builders import SYNC, Shape, broken, cell, changed, failed, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)


def results(planned: Plan, cells: Sequence[Cell]) -> Section:
    found = section(run_of(planned, tuple(cells)), rows(cells, planned))
    assert found is not None
    return found


def tables(planned: Plan, cells: Sequence[Cell]) -> list[Table]:
    """The tables of the loads, without those of their latencies and without overviews."""
    return [one for one in within([results(planned, cells)]) if isinstance(one, Table) and is_of_a_load(one)]


def is_of_a_load(table: Table) -> bool:
    return table.columns[-1].title == "notes"


def row(planned: Plan, cells: Sequence[Cell]) -> tuple[document.Cell, ...]:
    """The cells of the only row: the stack, four metrics, rounds, notes."""
    (table,) = tables(planned, cells)
    (found,) = table.rows
    return found


def shown(one: document.Cell) -> tuple[str, str, bool]:
    return one.text, one.detail, one.struck


def said(notes: Iterable[Note]) -> list[str]:
    """The name of each problem, and what is said of the row."""
    return [f"{note.problem.partition(':')[0]}, {note.row}" for note in notes]


def footnotes(planned: Plan, cells: Sequence[Cell]) -> list[str]:
    return said(numbered(Document("", "", (results(planned, cells),))))


def one(rounds: int = 1) -> Plan:
    return plan({"a": Shape(1)}, {"weather": (10,)}, rounds=rounds)


@pytest.mark.parametrize(
    ("opened", "said"), [(0.98, "a new connection for"), (0.26, "0.260 new connections for"), (0.01, ""), (None, "")]
)
def test_new_connections_are_told_where_there_are_many(opened: float | None, said: str) -> None:
    notes = row(one(), [changed(cell("a"), connections=opened)])[-1].text
    assert said in notes
    assert ("new connection" in notes) is bool(said)


def test_a_figure_has_its_interval() -> None:
    cells = [cell("a", number=number, throughput_rps=rps) for number, rps in enumerate((90.0, 100.0, 110.0), start=1)]
    assert shown(row(one(3), cells)[1]) == ("99.7/s", "(77.7\u2013128)", False)


def test_a_single_round_has_no_interval() -> None:
    found = row(one(), [cell("a")])
    assert [shown(value) for value in found[1:5]] == [
        ("100/s", "", False),
        ("100 ms", "", False),
        ("50.0 MB", "", False),
        ("1.00 ms", "", False),
    ]


def test_an_unreliable_figure_is_struck_out_and_its_note_says_why() -> None:
    found = row(one(), [cell("a", problems=(LATE,))])
    assert shown(found[2]) == ("100 ms", "", True)
    assert said(found[2].notes) == ["upstream late, a on weather with 10 users: off by 6 ms"]
    assert found[2].notes[0].problem == "upstream late: the upstream's delays were inaccurate"
    assert shown(found[1]) == ("100/s", "", False)
    assert found[1].notes == ()


def test_a_figure_of_some_rounds_has_a_note_about_the_others() -> None:
    found = row(one(2), [cell("a", number=1), cell("a", number=2, problems=(LATE,))])
    assert shown(found[2]) == ("100 ms", "", False)
    assert said(found[2].notes) == ["upstream late, a on weather with 10 users in 1 of 2 rounds: off by 6 ms"]
    assert found[5].text == "2"


def test_a_figure_that_was_never_measured_is_a_word() -> None:
    found = row(one(), [cell("a", throughput_rps=0.0)])
    assert shown(found[1]) == ("no value", "", False)
    assert len(found[1].notes) == 1


def test_a_figure_sorts_by_its_number_and_an_unreliable_one_has_none() -> None:
    found = row(one(2), [cell("a", number=1), cell("a", number=2)])
    assert [value.value for value in found[1:6]] == pytest.approx([100.0, 0.1, 50_000_000.0, 0.001, 2])
    spoilt = row(one(), [cell("a", throughput_rps=0.0, problems=(LATE,))])
    assert [value.value for value in spoilt[1:3]] == [None, None]


def test_a_problem_has_one_number_in_all_rows_in_the_order_of_reading() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    noisy = Problem("noisy", "steal 3 %")
    slow = Problem("service errors", "2 % failed", ("cpu",))
    cells = [cell("a", problems=(noisy, slow, LATE)), cell("b", problems=(noisy, LATE))]
    found = results(planned, cells)
    numbers = numbered(Document("", "", (found,)))
    (table,) = tables(planned, cells)
    marks = [[[numbers[note] for note in value.notes] for value in line] for line in table.rows]
    assert marks == [[[], [], [1], [2], [2], [], [3]], [[], [], [1], [], [], [], [3]]]
    assert [line[-1].text for line in table.rows] == ["degraded", "not saturated"]
    assert said(note for note in numbers if numbers[note] in {1, 2}) == [
        "upstream late, a on weather with 10 users: off by 6 ms",
        "service errors, a on weather with 10 users: 2 % failed",
        "upstream late, b on weather with 10 users: off by 6 ms",
    ]


def test_problems_of_the_same_kind_are_one_note_whatever_their_words() -> None:
    cells = [cell("a", number=number, problems=(replace(LATE, detail=f"off by {number} ms"),)) for number in (1, 2, 3)]
    assert footnotes(one(3), cells) == ["upstream late, a on weather with 10 users in 3 of 3 rounds: off by 1 ms"]


def test_problems_of_different_kinds_are_two_notes_though_their_words_are_the_same() -> None:
    alike = (Problem("generator late", "by 9 ms", ("latency",)), Problem("generator stalled", "by 9 ms", ("cpu",)))
    assert footnotes(one(), [cell("a", problems=alike)]) == [
        "generator late, a on weather with 10 users: by 9 ms",
        "generator stalled, a on weather with 10 users: by 9 ms",
    ]


def test_an_unreliable_figure_of_several_problems_counts_the_rounds_of_the_one_it_names() -> None:
    stalled = Problem("generator stalled", "late by 9 ms", ("latency",))
    cells = [
        cell("a", number=number, problems=(problem,)) for number, problem in ((1, LATE), (2, stalled), (3, stalled))
    ]
    found = row(one(3), cells)
    assert said((*found[2].notes, *found[-1].notes)) == [
        "upstream late, a on weather with 10 users in 1 of 3 rounds: off by 6 ms",
        "generator stalled, a on weather with 10 users in 2 of 3 rounds: late by 9 ms",
    ]


def test_a_failed_cell_is_shown_as_failed_with_its_reason_and_never_as_zero() -> None:
    cells = [failed(CellKey("a", "weather", Closed(users=10), 1, 0))]
    found = row(one(), cells)
    assert [shown(value) for value in found[1:5]] == [("failed", "", False)] * 4
    assert found[-1].text == "failed"
    assert footnotes(one(), cells) == [
        "failed, a on weather with 10 users: start server: the server did not become ready in 30 s"
    ]


def notes(planned: Plan, cells: Sequence[Cell]) -> str:
    return row(planned, cells)[-1].text


def test_notes_name_the_outcome_the_bottleneck_and_what_the_slots_allow() -> None:
    planned = plan({"sync": SYNC}, {"weather": (10,)}, rounds=1)
    errors = Problem("service errors", "2 % failed", ("latency",))
    said = notes(planned, [cell("sync", limit="slots", problems=(errors,))])
    assert said == "degraded; limited by its 4 worker slots; slots allow 200/s"


def test_a_problem_that_spoils_no_figure_is_noted_in_the_last_column() -> None:
    found = row(one(), [cell("a", problems=(Problem("noisy", "steal 3 %"),))])
    assert found[-1].text == "not saturated"
    assert said(found[-1].notes) == ["noisy, a on weather with 10 users: steal 3 %"]


def test_missing_rounds_are_counted() -> None:
    assert row(one(3), [cell("a")])[5].text == "1 of 3"
    assert row(one(1), [cell("a")])[5].text == "1"


def test_rounds_with_different_bottlenecks_say_so() -> None:
    bounds: tuple[Limit, ...] = ("server cpu", "nothing", "server cpu")
    cells = [cell("a", number=number, limit=bound) for number, bound in enumerate(bounds, start=1)]
    assert notes(one(3), cells) == "limited by the server's CPU in some rounds"


def test_a_stack_without_a_bottleneck_is_not_saturated_unless_it_failed() -> None:
    assert notes(one(), [cell("a")]) == notes(one(), [cell("a", load=RATE)]) == "not saturated"
    failing = Problem("service errors", "2 % failed", ("latency",))
    assert notes(one(), [cell("a", problems=(failing,))]) == "degraded"


def test_a_stack_that_failed_in_one_round_is_not_said_to_be_unsaturated_and_only_its_throughput_stands() -> None:
    cells = [cell("a"), broken(cell("a", number=2), ok=3, errors={"status 503": 97})]
    found = row(one(2), cells)
    assert found[-1].text == "ok / degraded"
    assert [value.struck for value in found[1:5]] == [False, True, True, True]


def test_the_load_models_share_no_table_and_no_heading() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (100,), "health": (10,)}, rates={"weather": (100.0,)}, rounds=1)
    poisson = replace(RATE, arrivals="poisson")
    found = results(
        planned,
        [cell("a", 100), cell("a", load=RATE), cell("a", load=poisson), cell("a", 10, scenario="health")],
    )
    sections = [block for block in within([found]) if isinstance(block, Section)]
    assert [one.title for one in sections] == [
        "Results",
        planned.scenarios["weather"].title,
        "100 users (closed-loop)",
        "Latency at saturation, and failures",
        "Open-loop loads",
        *("Achieved rate", "P50 latency", "P95 latency", "P99 latency"),
        *("Memory (PSS)", "CPU per request", "Failed requests"),
        "100/s (open-loop)",
        "Latency and failures",
        "100/s (open-loop, Poisson)",
        "Latency and failures",
        planned.scenarios["health"].title,
        "10 users (closed-loop)",
        "Latency at saturation, and failures",
    ]
    assert len({one.name for one in sections}) == len(sections)
    closed, opened = (
        [column.title for column in block.columns] for block in tables(planned, [cell("a", 100), cell("a", load=RATE)])
    )
    assert closed == ["stack", "throughput", "P95 at saturation", "memory, PSS", "CPU per request", "rounds", "notes"]
    assert opened == ["stack", "achieved", "P95", "memory, PSS", "CPU per request", "rounds", "notes"]


def test_rows_keep_the_order_of_the_plan_whoever_is_faster() -> None:
    planned = plan({"slow": Shape(1), "fast": Shape(1)}, {"weather": (10,)}, rounds=1)
    (table,) = tables(planned, [cell("fast", throughput_rps=900.0), cell("slow", throughput_rps=1.0)])
    assert [line[0].text for line in table.rows] == ["slow", "fast"]


def test_memory_is_called_uss_where_there_is_no_pss() -> None:
    cells = (cell("a", pss_bytes=None),)
    machine = Machine("CPU", 2, 8_000_000_000, "Darwin", "23", "3.12.1", has_pss=False)
    found = section(replace(run_of(one(), cells), machine=machine), rows(cells, one()))
    assert found is not None
    (table,) = (block for block in within([found]) if isinstance(block, Table) and is_of_a_load(block))
    assert "memory, USS" in [column.title for column in table.columns]


def test_a_single_load_has_its_table_and_several_have_theirs_folded_below_an_overview() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (10, 100), "health": (10,)}, rounds=1)
    found = results(planned, [cell("a", 10), cell("a", 100), cell("a", 10, scenario="health")])
    several, single = (part.blocks[0] for part in found.blocks if isinstance(part, Section))
    assert isinstance(several, Section)
    assert isinstance(single, Section)
    assert (several.title, single.title) == ("Closed-loop loads", "10 users (closed-loop)")
    choice, *loads = several.blocks
    assert isinstance(choice, Choice)
    assert [(one.title, one.folded, one.detail) for one in loads if isinstance(one, Section)] == [
        ("10 users (closed-loop)", True, True),
        ("100 users (closed-loop)", True, True),
    ]
    assert (single.folded, single.detail) == (False, False)


def test_the_best_of_a_column_has_the_strongest_tint_and_an_unreliable_value_none() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1), "c": Shape(1)}, {"weather": (10,)}, rounds=1)
    cells = [
        cell("a", throughput_rps=100.0, p95_s=0.1),
        cell("b", throughput_rps=400.0, p95_s=0.4),
        cell("c", throughput_rps=200.0, p95_s=0.2, problems=(LATE,)),
    ]
    (table,) = tables(planned, cells)
    shades = [[line[column].tint for line in table.rows] for column in (1, 2, 3)]
    assert shades == [pytest.approx([0.0, 1.0, 0.5]), [1.0, 0.0, None], [None, None, None]]
    assert "of its column" in table.tints
    (untinted,) = tables(planned, cells[:1])
    assert untinted.tints == ""


def test_a_run_without_a_cell_has_no_results() -> None:
    assert section(run_of(one()), ()) is None
