from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.judge.stacks.failures import Failures
from bench.judge.stacks.ratios import Ratio, ratios
from bench.judge.stacks.rows import rows
from bench.judge.stats.intervals import Estimate
from bench.model.cell import Cell, Problem
from bench.model.config import Closed, Open, Plan
from bench.show.report.ratios import SINGLE, mark, section
from bench.show.text.document import Document, Note, Paragraph, Points, Section, Table
from bench.show.text.footnotes import numbered
from tests.unit.builders import Shape, broken, cell, changed, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
PLAN = plan({"flask": Shape(1), "fast": Shape(1), "other": Shape(1)}, {"weather": (10,)}, rates={"weather": (100.0,)})


@dataclass(frozen=True, slots=True)
class Said:
    """What a section says: its sentences, the paragraphs below them, and its tables."""

    points: tuple[str, ...]
    notes: tuple[str, ...]
    tables: tuple[Section, ...]


def said(cells: Sequence[Cell], planned: Plan = PLAN) -> Said:
    run = run_of(planned, tuple(cells))
    found = section(run, rows(run.cells, planned), ratios(run.cells, planned))
    assert found is not None
    return Said(
        points=tuple(text for block in found.blocks if isinstance(block, Points) for text in block.texts),
        notes=tuple(block.text for block in found.blocks if isinstance(block, Paragraph)),
        tables=tuple(block for block in found.blocks if isinstance(block, Section)),
    )


def table(one: Section) -> Table:
    (found,) = one.blocks
    assert isinstance(found, Table)
    return found


def lines(one: Section) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in table(one).rows]


def pair(load: Open | None = None, problems: tuple[Problem, ...] = (), rounds: int = 3) -> list[Cell]:
    """CPU per request is half, memory the same, throughput noisy; P95 four times."""
    return [
        one
        for n in range(1, rounds + 1)
        for one in (
            cell("flask", 10, n, load=load, throughput_rps=100.0, p95_s=0.1, cpu_s=0.002 + n / 1e6),
            cell("fast", 10, n, load=load, throughput_rps=80.0 + 10 * n, p95_s=0.4, cpu_s=0.001, problems=problems),
        )
    ]


def test_the_pair_is_compared_in_a_sentence_for_each_load() -> None:
    found = said([*pair(), *pair(RATE)])
    assert found.points == (
        "fast / flask, weather, 10 users: P95 at saturation 4.00\u00d7 (4.00\u20134.00), memory equal within 1 %, "
        "CPU per request 0.50\u00d7 (0.50\u20130.50)",
        "fast / flask, weather, 100/s: P95 4.00\u00d7 (4.00\u20134.00), memory equal within 1 %, "
        "CPU per request 0.50\u00d7 (0.50\u20130.50)",
    )
    assert found.notes[0] == "No difference was shown: weather, 10 users (throughput); weather, 100/s (achieved rate)."


def test_a_stack_that_was_sent_each_request_over_a_new_connection_has_one_note_for_all_its_rows() -> None:
    cells = [changed(one, connections=float(one.stack == "fast")) for one in [*pair(), *pair(RATE)]]
    found = said(cells)
    notes = {note for one in found.tables for row in table(one).rows for cell in row for note in cell.notes}
    assert notes == {Note("a new connection for each request: that takes time and CPU", "fast")}
    assert "memory equal within 1 % (fast was sent each request over a new connection)" in found.points[0]


def test_an_unreliable_value_enters_no_ratio_and_that_is_said() -> None:
    found = said(pair(problems=(LATE,)))
    assert "P95" not in found.points[0]
    assert (
        found.notes[1] == "No ratio, because a value is unreliable or missing: weather, 10 users (P95 at saturation)."
    )
    assert lines(found.tables[0])[0][3] == "-"


def test_a_ratio_of_a_stack_that_failed_requests_says_so_wherever_it_stands() -> None:
    cells = [
        broken(one, ok=60, errors={"status 503": 40}) if one.stack == "fast" else one
        for one in (cell(stack, 10, n, throughput_rps=50.0 if stack == "fast" else 100.0)
                    for n in (1, 2, 3) for stack in ("flask", "fast"))
    ]  # fmt: skip
    found = said(cells)
    assert found.points == (
        "fast / flask, weather, 10 users: throughput 0.50\u00d7 (0.50\u20130.50) (fast failed 40.0 % of the requests)",
    )
    assert found.notes[0] == (
        "No ratio, because a stack failed requests: weather, 10 users (P95 at saturation, memory, CPU per request)."
    )
    (only,) = found.tables
    assert lines(only) == [("10 users", "fast", "0.50\u00d7 (0.50\u20130.50)", "-", "-", "-")]
    assert list(numbered(Document("", "", (only,)))) == [
        Note(
            "failed requests: only correct answers count as throughput",
            "fast / flask, weather, 10 users (fast failed 40.0 % of the requests)",
        )
    ]
    same = said([broken(one, ok=60, errors={"status 503": 40}) for one in cells if one.stack != "fast"]
                + [cell("fast", 10, n) for n in (1, 2, 3)])  # fmt: skip
    assert same.points == (
        "fast / flask, weather, 10 users: throughput equal within 1 % (flask failed 40.0 % of the requests)",
    )


def test_the_ratio_of_throughput_is_not_missing_because_requests_failed() -> None:
    idle = Problem("users idle", "half of them", ("latency", "throughput"))
    bad = [broken(cell("fast", 10, n), ok=60, errors={"status 503": 40}, problems=(idle,)) for n in (1, 2, 3)]
    others = [cell(stack, 10, n) for n in (1, 2, 3) for stack in ("flask", "other")]
    assert said([*others, *bad]).notes[:2] == (
        "No ratio, because a value is unreliable or missing: weather, 10 users (throughput).",
        "No ratio, because a stack failed requests: weather, 10 users (P95 at saturation, memory, CPU per request).",
    )


def test_a_single_round_shows_no_difference_however_large() -> None:
    found = said(pair(rounds=1))
    assert found.points == ("fast / flask: no difference was shown.",)
    assert SINGLE in found.notes
    assert lines(found.tables[0])[0][3] == "unclear: 4.00\u00d7"


def test_a_ratio_that_shows_no_difference_has_a_word_before_it() -> None:
    (only,) = said(pair()).tables
    ((load, stack, throughput, p95, memory, cpu),) = lines(only)
    assert (load, stack) == ("10 users", "fast")
    assert throughput.startswith("unclear: 1.00\u00d7 (")
    assert memory == "same: 1.00\u00d7 (1.00\u20131.00)"
    assert [one.split()[0] for one in (p95, cpu)] == ["4.00\u00d7", "0.50\u00d7"]


def test_every_stack_is_set_against_the_second_and_models_share_no_table() -> None:
    others = [cell("other", 10, n) for n in (1, 2, 3)]
    found = said([*pair(), *others, *pair(RATE)])
    title = PLAN.scenarios["weather"].title
    assert [one.title for one in found.tables] == [
        f"{title} (closed-loop), against flask",
        f"{title} (open-loop), against flask",
    ]
    assert [line[:2] for line in lines(found.tables[0])] == [("10 users", "fast"), ("10 users", "other")]
    headers = [[column.title for column in table(one).columns[2:4]] for one in found.tables]
    assert headers == [["throughput", "P95 at saturation"], ["achieved", "P95"]]
    assert all(one.detail and table(one).key == 1 for one in found.tables)


def test_a_pair_without_a_common_figure_has_no_ratio_though_others_have() -> None:
    others = [cell(name, 10, n) for n in (1, 2, 3) for name in ("flask", "other")]
    assert said(others).points == ("fast / flask: there is no ratio.",)


def test_a_run_without_a_pair_has_no_section() -> None:
    alone = replace(PLAN, profile=replace(PLAN.profile, compare=None))
    run = run_of(alone, tuple(pair()))
    assert section(run, rows(run.cells, alone), ratios(run.cells, alone)) is None


def test_no_word_says_who_won() -> None:
    found = said(pair())
    text = " ".join((*found.points, *found.notes)).lower()
    assert not any(word in text for word in ("win", "best", "faster", "better", "beats"))


def test_a_ratio_is_marked_with_what_its_sides_differ_in() -> None:
    one, other = (Failures(name, 100, 30, (("status 503", 30),)) for name in ("a", "b"))
    alike = Ratio("weather", Closed(users=10), "a", "b", "throughput", Estimate(2.0, None, None, (2.0,)), "unclear")
    assert mark(alike) == ""
    assert mark(replace(alike, failures=(one,))) == " (a failed 30.0 % of the requests)"
    both = replace(alike, failures=(one, other))
    assert mark(both) == " (a failed 30.0 % of the requests and b failed 30.0 % of the requests)"
    assert mark(replace(alike, reconnected="b")) == " (b was sent each request over a new connection)"
