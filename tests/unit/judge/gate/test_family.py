import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.gate.family import family, in_flight, least_restarts, loads, size
from bench.model.cell import Bound
from bench.model.config import Closed, Open
from bench.model.run import Gated
from tests.unit.builders import cell

TEN = Closed(users=10)


def metrics(members: tuple[Gated, ...], model: str) -> list[str]:
    return [one.metric for one in members if one.load.model == model]


def test_an_open_load_goes_with_the_closed_one_at_three_fifths_of_what_base_can_do() -> None:
    assert loads(cell(users=10, throughput_rps=100.0), closed_only=False) == (
        TEN,
        Open(rate_rps=60.0, arrivals="fixed", max_in_flight=100),
    )


def test_a_pilot_may_have_its_closed_load_to_itself() -> None:
    assert loads(cell(users=10), closed_only=True) == (TEN,)


@pytest.mark.parametrize(
    ("throughput_rps", "rate_rps"),
    [(845.0, 510.0), (19.0, 11.0), (939.0, 560.0), (1438.0, 860.0), (1666.0, 1000.0), (4.2, 2.5), (0.21, 0.13)],
)
def test_the_rate_is_rounded_to_two_digits(throughput_rps: float, rate_rps: float) -> None:
    _, opened = loads(cell(throughput_rps=throughput_rps), closed_only=False)
    assert isinstance(opened, Open)
    assert opened.rate_rps == rate_rps


@given(st.floats(0.01, 1e5))
def test_the_rate_is_within_a_twentieth_of_three_fifths(throughput_rps: float) -> None:
    _, opened = loads(cell(throughput_rps=throughput_rps), closed_only=False)
    assert isinstance(opened, Open)
    assert opened.rate_rps == pytest.approx(0.6 * throughput_rps, rel=0.0501)


@pytest.mark.parametrize("throughput_rps", [None, 0.0])
def test_a_pilot_that_served_nothing_or_is_no_closed_cell_is_an_error(throughput_rps: float | None) -> None:
    pilot = cell(throughput_rps=throughput_rps)
    with pytest.raises(ValueError, match="a closed cell that served something"):
        loads(pilot, closed_only=True)
    offered = Open(rate_rps=10.0, arrivals="fixed", max_in_flight=5)
    with pytest.raises(ValueError, match="a closed cell that served something"):
        family([replace(cell(), load=offered)], closed_only=False)


def test_at_most_ten_times_the_users_of_the_largest_closed_load_are_under_way() -> None:
    assert in_flight([10, 50, 3]) == 500
    _, opened = loads(cell(users=50), closed_only=False)
    assert isinstance(opened, Open)
    assert opened.max_in_flight == 500


@pytest.mark.parametrize(
    ("bound", "first"),
    [
        ("server cpu", "throughput"), ("slots", "cpu"), ("event loop", "cpu"), ("client pool", "cpu"),
        ("upstream", "cpu"), ("generator", "cpu"), ("nothing", "cpu"), (None, "cpu"),
    ],
)  # fmt: skip
def test_throughput_is_gated_only_where_the_servers_cpu_binds_and_cpu_per_request_elsewhere(
    bound: Bound | None, first: str
) -> None:
    pilot = cell(bound=bound) if bound is not None else replace(cell(), ceiling=None)
    found = family([pilot], closed_only=False)
    assert metrics(found, "closed") == [first, "memory", "errors"]
    assert metrics(found, "open") == ["p95", "errors"]


def test_without_an_open_load_no_latency_is_gated() -> None:
    found = family([cell("flask"), cell("fastapi")], closed_only=True)
    assert [(one.stack, one.metric) for one in found] == [
        *itertools.product(["flask"], ["cpu", "memory", "errors"]),
        *itertools.product(["fastapi"], ["cpu", "memory", "errors"]),
    ]


def test_each_pilot_has_members_of_its_own_under_its_own_loads() -> None:
    pilots = [
        cell("flask", users=50, throughput_rps=800.0, bound="server cpu"),
        cell("fastapi", users=10, scenario="health", throughput_rps=100.0),
    ]
    found = family(pilots, closed_only=False)
    assert len(found) == len(set(found)) == 10
    for pilot in pilots:
        own = [one for one in found if one.stack == pilot.stack]
        assert {one.scenario for one in own} == {pilot.scenario}
        assert set(dict.fromkeys(one.load for one in own)) == set(loads(pilot, closed_only=False))
    assert [one.metric for one in found] == [
        "throughput", "memory", "errors", "p95", "errors", "cpu", "memory", "errors", "p95", "errors",
    ]  # fmt: skip


@pytest.mark.parametrize("closed_only", [True, False])
@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_how_many_members_there_will_be_is_known_before_any_pilot(pairs: int, closed_only: bool) -> None:
    pilots = [cell(f"stack {number}", bound="server cpu" if number else "slots") for number in range(pairs)]
    assert len(family(pilots, closed_only=closed_only)) == size(pairs, closed_only=closed_only)


@pytest.mark.parametrize(
    ("members", "alpha", "restarts"),
    [
        (10, 0.05, 8),
        (5, 0.05, 7),
        (3, 0.05, 6),
        (1, 0.05, 5),
        (1, 0.5, 1),
        (1, 0.03125, 5),
        (2, 0.03125, 6),
        (10, 0.01, 10),
    ],
)
def test_so_many_restarts_are_the_fewest_that_can_show_anything(members: int, alpha: float, restarts: int) -> None:
    assert least_restarts(members, alpha) == restarts


@given(st.integers(1, 100), st.floats(0.001, 0.5))
def test_with_the_fewest_restarts_the_least_p_is_small_enough_and_with_one_fewer_it_is_not(
    members: int, alpha: float
) -> None:
    restarts = least_restarts(members, alpha)
    assert members * 2.0**-restarts <= alpha * (1 + 1e-12)
    assert members * 2.0 ** -(restarts - 1) > alpha * (1 - 1e-12)
