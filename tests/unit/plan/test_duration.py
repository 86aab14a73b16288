import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.cell import CellKey
from bench.model.config import Closed, Open, Timing
from bench.plan.duration import LOAD_S, LOOK_S, VISIT_S, TimeLeft, expected
from bench.plan.schedule import visits
from tests.unit.builders import Shape, plan

TIMING = Timing(0.5, 1.0, 3.0)
HOLD_S = 0.02


def key(stack: str = "a", users: int = 10, number: int = 1, order: int = 0) -> CellKey:
    return CellKey(stack, "weather", Closed(users=users), number, order)


def test_only_the_first_load_of_a_visit_starts_a_server() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (1, 2)}, rounds=2)
    assert planned.profile.timing == TIMING
    found = [seconds for _, seconds in expected(visits(planned, 1), planned)]
    loaded_s = 0.5 + 1.0 + HOLD_S
    assert found == pytest.approx([VISIT_S + LOOK_S + loaded_s, LOAD_S + LOOK_S + loaded_s] * 2)


def test_where_users_queue_for_slots_warm_up_window_and_drain_are_longer_up_to_the_limit() -> None:
    planned = plan({"a": Shape(1, slots=4)}, {"weather": (4, 100, 1000)}, rounds=1)
    found = dict(expected(visits(planned, 1), planned))
    by_users = {one.load.users: seconds for one, seconds in found.items() if isinstance(one.load, Closed)}
    assert by_users[4] == pytest.approx(VISIT_S + LOOK_S + 0.5 + 1.0 + 0.02)
    assert by_users[100] == pytest.approx(LOAD_S + LOOK_S + 0.5 + 3.3 * 0.5 + 0.5)
    assert by_users[1000] == pytest.approx(LOAD_S + LOOK_S + 2 * 0.5 + 3.0 + 5.0)


def test_a_server_is_expected_to_keep_up_with_an_open_loop_load() -> None:
    planned = plan({"a": Shape(1, slots=4)}, {"weather": ()}, rounds=1, rates={"weather": (1000.0,)})
    ((one, seconds),) = expected(visits(planned, 1), planned)
    assert isinstance(one.load, Open)
    assert seconds == pytest.approx(VISIT_S + LOOK_S + 0.5 + 1.0 + 0.02)


def test_a_cell_takes_what_others_of_its_kind_took_and_the_rest_is_scaled_by_how_far_off_these_were() -> None:
    left = TimeLeft([(key(order=0), 10.0), (key(users=20, order=1), 20.0), (key(number=2, order=2), 10.0)])
    assert left.total_s == 40
    left.finish(key(order=0), 30.0)
    assert left.total_s == pytest.approx(3 * 20 + 30)
    left.finish(key(users=20, order=1), 20.0)
    assert left.total_s == pytest.approx(30)
    left.finish(key(number=2, order=2), 5.0)
    assert left.total_s == 0


@given(st.lists(st.floats(1, 100), min_size=2, max_size=6), st.integers(1, 4))
def test_where_all_rounds_take_equally_long_the_time_left_is_right_from_the_second_round_on(
    lengths: list[float], rounds: int
) -> None:
    keys = [
        (key(f"s{place}", number=number, order=number * len(lengths) + place), seconds)
        for number in range(rounds + 1)
        for place, seconds in enumerate(lengths)
    ]
    left = TimeLeft((one, 7.0) for one, _ in keys)
    for one, seconds in keys[: len(lengths)]:
        left.finish(one, seconds)
    assert left.total_s == pytest.approx(rounds * sum(lengths))
