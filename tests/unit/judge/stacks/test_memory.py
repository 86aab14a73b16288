from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from bench.judge.cell.kinds import MEMORY_GROWS
from bench.judge.stacks.memory import Growth, growth
from bench.model.cell import Cell, CellKey, Problem
from bench.model.config import Closed, Open
from tests.unit.builders import FASTAPI, FLASK, cell, changed, failed, plan
from tests.unit.sessions import Figures, ab_cell

PLAN = plan({"b": FLASK, "a": FASTAPI}, {"weather": (10, 100), "health": (10,)})
PLACES = st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 10**6)), min_size=3, max_size=20)


def measured(in_flight: float, pss_bytes: int | None, stack: str = "a", scenario: str = "weather") -> Cell:
    return changed(cell(stack, scenario=scenario, pss_bytes=pss_bytes), in_flight=in_flight)


def line(*places: tuple[float, int]) -> Growth:
    (found,) = growth([measured(in_flight, pss_bytes) for in_flight, pss_bytes in places], PLAN)
    return found


def apart(places: Sequence[tuple[int, int]]) -> bool:
    across = [in_flight for in_flight, _ in places]
    return max(across) >= 1.25 * min(across)


def test_memory_grows_along_a_straight_line_through_all_cells() -> None:
    # Means 20 and 130; sums of squares 200 across and 700 crosswise: 3.5 a request. The line passes through 95, 130 and
    # 165. The residuals are 5, -10 and 5: 150 with one degree of freedom, so the slope's error is sqrt(150 / 200), and
    # t is 12.7062.
    found = line((10.0, 100), (20.0, 120), (30.0, 170))
    assert found.per_request_bytes == pytest.approx(3.5)
    assert found.base_bytes == pytest.approx(60.0)
    assert found.low == pytest.approx(3.5 - 11.0039, abs=1e-3)
    assert found.high == pytest.approx(3.5 + 11.0039, abs=1e-3)
    assert found.places == ((10.0, 100.0, 60e6), (20.0, 120.0, 60e6), (30.0, 170.0, 60e6))


def test_cells_on_a_line_have_an_interval_of_no_width() -> None:
    found = line((1.0, 70), (2.0, 90), (4.0, 130), (4.0, 130))
    assert (found.per_request_bytes, found.base_bytes) == pytest.approx((20.0, 50.0))
    assert (found.low, found.high) == pytest.approx((20.0, 20.0))


def test_the_interval_is_that_of_ordinary_least_squares() -> None:
    random = np.random.default_rng(5)
    across = np.repeat([10.0, 100.0, 500.0], 5)
    up = (50e6 + 20e3 * across + random.normal(0, 4e5, len(across))).astype(int)
    found = line(*zip(across.tolist(), up.tolist(), strict=True))
    known = stats.linregress(across, up)
    around = stats.t.ppf(0.975, len(across) - 2) * known.stderr
    assert (found.low, found.per_request_bytes, found.high, found.base_bytes) == pytest.approx(
        (known.slope - around, known.slope, known.slope + around, known.intercept)
    )


@given(PLACES)
def test_the_line_is_that_of_least_squares(places: list[tuple[int, int]]) -> None:
    assume(apart(places))
    across, up = np.array(places, dtype=np.float64).T
    found, known = line(*places), stats.linregress(across, up)
    assert found.per_request_bytes == pytest.approx(known.slope, rel=1e-6, abs=1e-6)
    assert found.base_bytes == pytest.approx(known.intercept, rel=1e-6, abs=1e-3)


@given(PLACES, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(places: list[tuple[int, int]], random: Random) -> None:
    shuffled = list(places)
    random.shuffle(shuffled)
    assert line(*shuffled) == line(*places)


@given(PLACES, st.integers(1, 10**6))
def test_more_memory_of_all_cells_is_more_at_the_base_alone(places: list[tuple[int, int]], more: int) -> None:
    assume(apart(places))
    found, moved = line(*places), line(*((in_flight, pss_bytes + more) for in_flight, pss_bytes in places))
    assert found.base_bytes is not None
    assert moved.per_request_bytes == pytest.approx(found.per_request_bytes, rel=1e-6, abs=1e-6)
    assert moved.base_bytes == pytest.approx(found.base_bytes + more, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([(10.0, 100)], id="one cell"),
        pytest.param([(10.0, 100), (100.0, 1000)], id="two cells"),
        pytest.param([(9.97, 100), (9.99, 90), (9.98, 120)], id="one load in three rounds"),
        pytest.param([(9.9, 100), (9.8, 90), (11.9, 120), (12.1, 130)], id="two loads with about as many in flight"),
        pytest.param([(0.0, 100), (0.0, 90), (0.0, 120)], id="nothing in flight"),
    ],
)
def test_there_is_no_line_through_too_few_cells_or_through_one_place(places: list[tuple[float, int]]) -> None:
    found = line(*places)
    assert (found.per_request_bytes, found.low, found.high, found.base_bytes) == (None, None, None, None)
    assert [place[:2] for place in found.places] == sorted(places)


def test_stacks_are_in_the_order_of_the_plan_under_each_scenario_and_those_without_a_cell_are_left_out() -> None:
    cells = [measured(1.0, 9, "a", "health"), measured(1.0, 9, "a"), measured(1.0, 9, "b")]
    found = [(one.scenario, one.stack) for one in growth(cells, PLAN)]
    assert found == [("weather", "b"), ("weather", "a"), ("health", "a")]


def test_cells_of_closed_loop_and_open_loop_loads_lie_on_one_line() -> None:
    arrivals = Open(rate_rps=5.0, arrivals="fixed", max_in_flight=500)
    cells = [replace(measured(place, 10 * int(place)), load=load) for place, load in (
        (1.0, arrivals), (2.0, Closed(users=2)), (3.0, Closed(users=3)),
    )]  # fmt: skip
    (found,) = growth(cells, PLAN)
    assert found.per_request_bytes == pytest.approx(10.0)


def test_cells_whose_memory_is_unreliable_or_unknown_have_no_place() -> None:
    calls = Problem("upstream calls", "7 calls too many", ("throughput", "latency", "memory", "cpu"))
    late = Problem("generator late", "by 6 ms", ("latency",))
    cells = [
        changed(measured(1.0, 10), problems=(calls,)),
        changed(measured(2.0, 20), problems=(late,)),
        changed(measured(3.0, 30), in_flight=None),
        changed(measured(4.0, 40), memory=None),
        failed(CellKey("a", "weather", Closed(users=10), 1, 0)),
    ]
    (found,) = growth(cells, PLAN)
    assert found.places == ((2.0, 20.0, 60e6),)


def test_the_memory_of_a_service_that_leaks_is_no_memory_of_requests_in_flight() -> None:
    leak = MEMORY_GROWS.found("memory grew by 1.00 MB a request")
    leaking = [
        changed(measured(place, size), problems=(leak,)) for place, size in ((1.0, 132), (10.0, 511), (40.0, 1670))
    ]
    assert growth(leaking, PLAN) == ()


def test_an_ab_has_no_place_and_a_run_without_cells_no_growth() -> None:
    planned = plan({"flask-gthread": FLASK}, {"weather": (10,)})
    assert growth([ab_cell("flask-gthread", Closed(users=10), 1, Figures(), Figures())], planned) == ()
    assert growth([], PLAN) == ()


def test_memory_is_uss_where_the_platform_has_no_pss() -> None:
    (found,) = growth([measured(1.0, None)], PLAN)
    assert found.places == ((1.0, 45e6, 60e6),)
