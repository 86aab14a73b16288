import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.stacks.rows import Row, rows
from bench.judge.stacks.tradeoff import best, frontier, knee
from bench.judge.stats.intervals import Estimate
from bench.model.cell import Cell, CellKey, Problem
from bench.model.config import Closed, Load, Open
from bench.model.loads import amount
from tests.unit.builders import FASTAPI, FLASK, broken, cell, failed, plan

PLAN = plan({"b": FLASK, "a": FASTAPI}, {"weather": (1, 10, 100, 1000), "health": (10,)})
ARRIVALS = Open(rate_rps=900.0, arrivals="fixed", max_in_flight=500)
IDLE = Problem("users idle", "9 of 10 users", ("latency", "throughput"))
CALLS = Problem("upstream calls", "7 calls too many", ("memory",))
LATE = Problem("generator late", "by 6 ms", ("latency",))


def row(load: Load, stack: str = "a", **means: float) -> Row:
    estimates = {name: Estimate(mean, None, None, (mean,)) for name, mean in means.items()}
    return Row(stack, "weather", load, 1, estimates, {}, ("ok",), (), {}, None)


def at(throughput: float, memory: float) -> Row:
    return row(Closed(users=10), throughput=throughput, memory=memory)


def loaded(users: int, throughput_rps: float, p95_s: float, *problems: Problem) -> Cell:
    return cell("a", users, throughput_rps=throughput_rps, p95_s=p95_s, problems=problems)


def users(found: Row | None) -> float | None:
    return None if found is None else amount(found.load)


def test_the_best_row_of_each_stack_has_its_highest_throughput_and_the_order_of_the_rows_is_kept() -> None:
    cells = [
        *(cell("a", number, throughput_rps=rps) for number, rps in ((10, 100.0), (100, 300.0), (1000, 250.0))),
        *(cell("b", number, throughput_rps=rps) for number, rps in ((10, 40.0), (100, 39.0))),
        cell("a", 10, scenario="health", throughput_rps=900.0),
    ]
    found = [(one.scenario, one.stack, users(one)) for one in best(rows(cells, PLAN))]
    assert found == [("weather", "b", 10), ("weather", "a", 100), ("health", "a", 10)]


def test_of_equal_throughput_the_lowest_load_is_best() -> None:
    cells = [cell("a", number, throughput_rps=100.0) for number in (1000, 100, 10)]
    assert [users(one) for one in best(rows(cells, PLAN))] == [10]


def test_only_closed_loop_loads_with_reliable_throughput_and_memory_can_be_best() -> None:
    cells = [
        cell("a", 1, throughput_rps=10.0, problems=(LATE,)),
        cell("a", 10, throughput_rps=100.0, problems=(IDLE,)),
        cell("a", 100, throughput_rps=200.0, problems=(CALLS,)),
        cell("a", load=ARRIVALS, throughput_rps=900.0),
        failed(CellKey("b", "weather", Closed(users=10), 1, 0)),
    ]
    assert [(one.stack, users(one)) for one in best(rows(cells, PLAN))] == [("a", 1)]
    assert best(()) == ()


def test_a_stack_that_fails_is_not_efficient_for_the_little_memory_that_failing_takes() -> None:
    cells = [
        cell("b", 10, throughput_rps=100.0, pss_bytes=80_000_000),
        cell("a", 10, throughput_rps=100.0),
        broken(cell("a", 100, throughput_rps=200.0, pss_bytes=9_000_000), ok=3, errors={"status 503": 97}),
    ]
    found = best(rows(cells, PLAN))
    assert [(one.stack, users(one)) for one in found] == [("b", 10), ("a", 10)]


def test_the_frontier_has_the_rows_that_no_other_beats_by_ascending_memory() -> None:
    given_rows = [at(200, 80), at(200, 70), at(100, 50), at(90, 60), at(150, 70)]
    assert frontier(given_rows) == (given_rows[2], given_rows[1])


def test_a_single_row_is_a_frontier_and_equal_rows_are_both_on_it() -> None:
    alone = at(100, 50)
    assert frontier([alone]) == (alone,)
    assert frontier([alone, replace(alone, stack="b")]) == (alone, replace(alone, stack="b"))
    assert frontier([]) == ()


PLACES = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=20)


def read(one: Row) -> tuple[float, float]:
    return one.estimates["throughput"].mean, one.estimates["memory"].mean


@given(PLACES)
def test_no_row_on_the_frontier_is_beaten_and_every_other_row_is(places: list[tuple[int, int]]) -> None:
    given_rows = [at(*place) for place in places]
    found = [read(one) for one in frontier(given_rows)]
    for throughput, memory in map(read, given_rows):
        beaten = any(
            more >= throughput and less <= memory and (more, less) != (throughput, memory) for more, less in found
        )
        assert beaten is ((throughput, memory) not in found)
    assert [memory for _, memory in found] == sorted(memory for _, memory in found)
    assert [throughput for throughput, _ in found] == sorted(throughput for throughput, _ in found)


@given(PLACES, st.integers(0, 1000))
def test_the_frontier_does_not_depend_on_the_order_of_the_rows(places: list[tuple[int, int]], seed: int) -> None:
    shuffled = random.Random(seed).sample(places, len(places))
    found, other = (frontier([at(*place) for place in order]) for order in (places, shuffled))
    assert [read(one) for one in found] == [read(one) for one in other]


def test_the_knee_is_the_load_of_greatest_throughput_for_its_p95() -> None:
    # 10 / 0.1, 95 / 0.105, 400 / 0.25 and 410 / 2.4: 100, 905, 1600 and 171.
    loads = [loaded(1, 10.0, 0.1), loaded(1000, 410.0, 2.4), loaded(100, 400.0, 0.25), loaded(10, 95.0, 0.105)]
    assert users(knee(rows(loads, PLAN))) == 100


def test_there_is_no_knee_where_the_highest_load_has_the_greatest_power() -> None:
    loads = [loaded(1, 10.0, 0.1), loaded(10, 95.0, 0.105), loaded(100, 400.0, 0.25)]
    assert knee(rows(loads, PLAN)) is None


def test_the_lowest_load_can_be_the_knee_and_of_equal_powers_the_lowest_load_is() -> None:
    assert users(knee(rows([loaded(1, 100.0, 0.1), loaded(10, 100.0, 1.0), loaded(100, 100.0, 9.0)], PLAN))) == 1
    equal = [row(Closed(users=number), throughput=64.0, p95=p95_s) for number, p95_s in ((10, 0.5), (1, 0.5), (100, 2))]
    assert users(knee(equal)) == 1


@pytest.mark.parametrize("problem", [LATE, IDLE])
def test_a_load_with_an_unreliable_figure_is_none_of_the_three_that_a_knee_needs(problem: Problem) -> None:
    sound = [loaded(1, 10.0, 0.1), loaded(10, 95.0, 0.105), loaded(1000, 96.0, 2.0)]
    assert users(knee(rows([*sound, loaded(100, 400.0, 0.1, problem)], PLAN))) == 10
    assert knee(rows([*sound[:2], loaded(100, 400.0, 0.1, problem)], PLAN)) is None


def test_fewer_than_three_closed_loop_loads_have_no_knee() -> None:
    two = [loaded(1, 100.0, 0.1), loaded(10, 95.0, 0.5)]
    assert knee(rows([*two, cell("a", load=ARRIVALS, throughput_rps=1.0)], PLAN)) is None
    assert knee(()) is None
