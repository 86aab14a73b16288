import pytest

from bench.judge.stacks.failures import Failures, failing, failures, useless
from bench.model.cell import Cell, CellKey, Problem
from bench.model.config import Closed
from tests.unit.builders import broken, cell, failed

KEY = CellKey("a", "weather", Closed(users=10), 1, 0)


def test_failures_are_counted_over_all_cells_with_the_most_frequent_error_first() -> None:
    cells = [
        broken(cell("a", 10), ok=60, errors={"status 500": 30}, timeouts=10),
        broken(cell("a", 100), ok=0, errors={"status 503": 100}),
        failed(KEY),
    ]
    found = failures(cells)
    assert found == Failures("a", 200, 140, (("status 503", 100), ("status 500", 30), ("timeout", 10)))
    assert found.share == pytest.approx(0.7)


def test_dropped_and_unsent_arrivals_were_never_asked() -> None:
    assert failures([broken(cell("a"), ok=50, dropped=500, unsent=7)]) == Failures("a", 50, 0, ())


def test_where_no_request_ended_everything_failed_and_without_a_cell_nothing_can_be_counted() -> None:
    assert failures([broken(cell("a"), ok=0)]).share == 1.0
    with pytest.raises(ValueError, match="no cells"):
        failures([])


def test_errors_that_are_equally_frequent_have_the_order_of_their_names() -> None:
    found = failures([broken(cell("a"), ok=0, errors={"status 503": 5, "connection lost": 5})])
    assert found.by_error == (("connection lost", 5), ("status 503", 5))


@pytest.mark.parametrize(
    ("name", "wanted"), [("service errors", True), ("nothing served", True), ("falling behind", False)]
)
def test_a_service_failed_where_a_problem_says_so_whatever_the_outcome_is(name: str, wanted: bool) -> None:
    idle = Problem("users idle", "half of them", ("latency", "throughput"))
    spoilt = cell("a", problems=(idle, Problem(name, "so it was", ("latency",))))
    assert spoilt.outcome == "invalid"
    assert failing(spoilt.measurement) is wanted


def shares(*failed_of_100: int, stack: str = "a") -> list[Cell]:
    return [
        broken(cell(stack, 10, number), ok=100 - n, errors={"status 503": n}) for number, n in enumerate(failed_of_100)
    ]


def test_a_stack_that_fails_over_half_in_every_cell_is_useless() -> None:
    assert [one.stack for one in useless([*shares(97, 51), *shares(97, 50, stack="b")])] == ["a"]
    assert useless(shares(0, 1)) == ()
    assert useless([]) == ()


def test_a_stack_that_served_nothing_is_useless_and_one_that_was_never_measured_is_not() -> None:
    assert [one.share for one in useless([broken(cell("a"), ok=0), failed(KEY)])] == [1.0]
    assert useless([failed(KEY)]) == ()


def test_a_stack_that_cannot_keep_up_with_the_arrivals_is_not_useless() -> None:
    assert useless([broken(cell("a"), ok=10, dropped=990)]) == ()
