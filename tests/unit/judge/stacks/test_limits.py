"""Bottlenecks that take a second cell to show: the same stack at its lowest load."""

from dataclasses import replace

import pytest

from bench.judge.stacks.limits import compared
from bench.model.cell import Bottleneck, Cell, Distribution, Limit, Problem
from bench.model.config import Closed, Load, Open
from tests.unit.builders import cell


def measured(
    users: int | Load, p50_s: float, p95_s: float, *, limit: Limit = "not known", inside: bool = False
) -> Cell:
    """A cell with this latency; `inside`: what was seen is consistent with a limit inside the application."""
    load = Closed(users=users) if isinstance(users, int) else users
    one = cell("loop", load=load)
    consistent: tuple[Limit, ...] = ("application",) if inside else ()
    found = Bottleneck(None, 0.1, 10.0, limit, "what was seen", consistent)
    latency_s = Distribution(p50_s, p50_s, p50_s, p95_s, p95_s, p95_s)
    return replace(one, measurements=(replace(one.measurement, latency_s=latency_s, bottleneck=found),))


def limits(*cells: Cell) -> list[Limit]:
    """The limits of these cells, in their order, once they are compared."""
    found = compared(cells)
    return [one.measurement.bottleneck.limit for one in found if one.measurement.bottleneck is not None]


@pytest.mark.parametrize(
    ("p50_s", "p95_s", "inside", "limit"),
    [
        (0.114, 0.229, True, "nothing"),
        (0.116, 0.229, True, "not known"),
        (0.114, 0.231, True, "not known"),
        (0.149, 0.300, True, "not known"),
        (0.151, 0.300, True, "application"),
        (0.151, 0.300, False, "not known"),
    ],
)
def test_latency_is_held_against_that_at_the_lowest_load(
    p50_s: float, p95_s: float, inside: bool, limit: Limit
) -> None:
    assert limits(measured(10, 0.1, 0.2), measured(20, p50_s, p95_s, inside=inside))[1] == limit


def test_the_lowest_load_is_not_saturated_where_a_higher_one_has_the_same_latency() -> None:
    assert limits(measured(10, 0.1, 0.2), measured(20, 0.1, 0.2)) == ["nothing", "nothing"]
    assert limits(measured(10, 0.1, 0.2), measured(20, 0.4, 0.8)) == ["not known", "not known"]
    assert limits(measured(10, 0.1, 0.2)) == ["not known"]


def test_a_limit_that_one_cell_shows_stays() -> None:
    assert limits(measured(10, 0.1, 0.2), measured(20, 0.1, 0.2, limit="slots")) == ["not known", "slots"]


def test_the_evidence_names_the_lowest_load_and_its_latency() -> None:
    same, longer = measured(20, 0.1, 0.2), measured(30, 0.3, 0.4, inside=True)
    found = [one.measurement.bottleneck for one in compared([measured(10, 0.1, 0.2), same, longer])]
    assert [one.evidence for one in found if one is not None] == [
        "P50 and P95 stay within 15.0 % of these at a higher load",
        "P50 and P95 are within 15.0 % of those at 10 users",
        "what was seen; P50 is 300 ms, at 10 users it is 100 ms",
    ]


def test_load_models_are_compared_each_by_itself() -> None:
    rate = Open(rate_rps=10.0, arrivals="fixed", max_in_flight=100)
    assert limits(measured(10, 0.1, 0.2), measured(rate, 0.1, 0.2)) == ["not known", "not known"]


def test_a_cell_whose_latency_is_unreliable_is_left_as_it_is() -> None:
    late = measured(20, 0.1, 0.2)
    problem = Problem("generator late", "by 9 ms", ("latency",))
    late = replace(late, measurements=(replace(late.measurement, problems=(problem,)),))
    assert limits(measured(10, 0.1, 0.2), late) == ["not known", "not known"]


def test_latency_that_is_longer_at_the_lowest_load_leaves_that_load_as_it_is() -> None:
    assert limits(measured(10, 0.1, 0.2), measured(20, 0.3, 0.4, limit="nothing")) == ["not known", "nothing"]
