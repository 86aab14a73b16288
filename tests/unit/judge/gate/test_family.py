import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.gate.family import family, in_flight, loads, size
from bench.model.cell import Limit
from bench.model.config import Closed, Open
from bench.model.run import Gated
from tests.unit.builders import cell, changed

TEN = Closed(users=10)
CLOSED = ["cpu", "cpu_mean", "tail", "tail_mean", "memory", "errors"]


def metrics(members: tuple[Gated, ...], model: str) -> list[str]:
    return [one.metric for one in members if one.load.model == model]


def test_the_open_load_offers_three_fifths_of_the_throughput_of_base() -> None:
    assert loads(cell(users=10, throughput_rps=100.0), closed_only=False) == (
        TEN,
        Open(rate_rps=60.0, arrivals="fixed", max_in_flight=100),
    )


def test_with_closed_only_there_is_no_open_load() -> None:
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
def test_a_pilot_that_served_nothing_or_is_not_a_closed_loop_cell_is_an_error(throughput_rps: float | None) -> None:
    pilot = cell(throughput_rps=throughput_rps)
    with pytest.raises(ValueError, match="a closed-loop cell that served something"):
        loads(pilot, closed_only=True)
    offered = Open(rate_rps=10.0, arrivals="fixed", max_in_flight=5)
    with pytest.raises(ValueError, match="a closed-loop cell that served something"):
        family([replace(cell(), load=offered)], closed_only=False)


def test_at_most_ten_times_the_users_of_the_largest_closed_load_are_in_flight() -> None:
    assert in_flight([10, 50, 3]) == 500
    _, opened = loads(cell(users=50), closed_only=False)
    assert isinstance(opened, Open)
    assert opened.max_in_flight == 500


@pytest.mark.parametrize(
    ("limit", "first"),
    [
        ("server cpu", "throughput"), ("slots", "cpu"), ("event loop", "cpu"), ("client pool", "cpu"),
        ("upstream", "cpu"), ("generator", "cpu"), ("nothing", "cpu"), (None, "cpu"),
    ],
)  # fmt: skip
def test_throughput_is_gated_only_where_the_servers_cpu_is_the_limit_and_cpu_per_request_elsewhere(
    limit: Limit | None, first: str
) -> None:
    pilot = cell(limit=limit) if limit is not None else changed(cell(), bottleneck=None)
    found = family([pilot], closed_only=False)
    assert metrics(found, "closed") == [first, f"{first}_mean", "tail", "tail_mean", "memory", "errors"]
    assert metrics(found, "open") == ["p95", "tail", "errors"]


def test_without_an_open_load_no_latency_is_gated() -> None:
    found = family([cell("flask"), cell("fastapi")], closed_only=True)
    assert [(one.stack, one.metric) for one in found] == [
        *itertools.product(["flask"], CLOSED),
        *itertools.product(["fastapi"], CLOSED),
    ]


def test_each_pilot_has_its_own_members_under_its_own_loads() -> None:
    pilots = [
        cell("flask", users=50, throughput_rps=800.0, limit="server cpu"),
        cell("fastapi", users=10, scenario="health", throughput_rps=100.0),
    ]
    found = family(pilots, closed_only=False)
    assert len(found) == len(set(found)) == 18
    for pilot in pilots:
        own = [one for one in found if one.stack == pilot.stack]
        assert {one.scenario for one in own} == {pilot.scenario}
        assert set(dict.fromkeys(one.load for one in own)) == set(loads(pilot, closed_only=False))
    assert [one.metric for one in found] == [
        *("throughput", "throughput_mean", "tail", "tail_mean", "memory", "errors", "p95", "tail", "errors"),
        *("cpu", "cpu_mean", "tail", "tail_mean", "memory", "errors", "p95", "tail", "errors"),
    ]


@pytest.mark.parametrize("closed_only", [True, False])
@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_the_size_of_the_family_is_known_before_any_pilot(pairs: int, closed_only: bool) -> None:
    pilots = [cell(f"stack {number}", limit="server cpu" if number else "slots") for number in range(pairs)]
    assert len(family(pilots, closed_only=closed_only)) == size(pairs, closed_only=closed_only)
