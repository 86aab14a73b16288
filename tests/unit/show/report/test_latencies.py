from collections.abc import Sequence

from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, CellKey, Distribution, Problem
from bench.model.config import Closed
from bench.show.report.latencies import table
from tests.unit.builders import Shape, broken, cell, changed, failed, plan

PLAN = plan({"a": Shape(1)}, {"weather": (10,)}, rounds=1)
LATENCY_S = Distribution(mean=0.2, p50=0.1, p90=0.2, p95=0.3, p99=0.4, max=0.5)


def line(cells: Sequence[Cell]) -> list[tuple[str, str, bool]]:
    """The cells of the only row: requests, failed, P50, P95, P99, maximum."""
    (found,) = table(rows(cells, PLAN)).rows
    assert found[0].text == "a"
    return [(one.text, one.detail, one.struck) for one in found[1:]]


def test_a_row_counts_requests_and_failures_and_has_the_percentiles() -> None:
    assert line([changed(cell("a"), latency_s=LATENCY_S)]) == [
        ("100", "", False),
        ("0", "", False),
        ("100 ms", "", False),
        ("300 ms", "", False),
        ("400 ms", "", False),
        ("500 ms", "", False),
    ]


def test_the_latency_of_a_stack_that_fails_is_unreliable_and_its_failures_are_counted() -> None:
    found = line([broken(changed(cell("a"), latency_s=LATENCY_S), ok=96, errors={"status 503": 4})])
    assert found[:2] == [("100", "", False), ("4", "(4.00 %)", False)]
    assert [struck for _, _, struck in found[2:]] == [True] * 4


def test_all_figures_of_the_latency_have_the_mark_of_one_problem() -> None:
    late = Problem("upstream late", "off by 6 ms", ("latency",))
    (found,) = table(rows([cell("a", problems=(late,))], PLAN)).rows
    assert len({note for one in found for note in one.notes}) == 1
    assert [len(one.notes) for one in found] == [0, 0, 0, 1, 1, 1, 1]


def test_a_cell_that_failed_has_no_requests_and_no_failures() -> None:
    found = line([failed(CellKey("a", "weather", Closed(users=10), 1, 0))])
    assert [text for text, _, _ in found] == ["0", "-", "failed", "failed", "failed", "failed"]
