"""The search against services whose capacity is known."""

import itertools
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.judge.capacity import grid, search, staircase
from bench.judge.capacity.grid import RATIO, Ask, Found, level_of, rate_at
from bench.judge.capacity.harm import counted
from bench.judge.capacity.search import bracketing, first_rate
from bench.model.config import Objective, Sought
from bench.model.search import Bounds, Step
from tests.unit.judge.capacity.simulated import BOUNDS, Machine, even, slots

HOLD_S = 0.05
FOUR_SLOTS = slots(4, lambda _: HOLD_S)
WITHIN_100_MS = Sought(Objective("p95", 0.1), "poisson", 500)
SLOTS_RPS = 4 / HOLD_S
NEAR_SLOTS = Bounds(0.85 * SLOTS_RPS, 4000.0, "it is the most that is tried", SLOTS_RPS)


def found_rates(seeds: int, make: type[Machine] = Machine, bounds: Bounds = NEAR_SLOTS) -> list[float]:
    rates = []
    for seed in range(seeds):
        found = make(FOUR_SLOTS, WITHIN_100_MS, seed).search(bounds)
        assert found.ending == "found"
        assert found.rate_rps
        rates.append(found.rate_rps)
    return rates


def test_four_slots_of_50_ms_carry_57_7_a_second_of_poisson_arrivals_within_100_ms() -> None:
    logs = [math.log(rate) for rate in found_rates(60)]
    assert math.exp(statistics.mean(logs)) == pytest.approx(57.7, rel=0.03)
    assert statistics.stdev(logs) < 0.08


def test_four_slots_of_50_ms_carry_80_a_second_of_even_arrivals() -> None:
    found = even(Machine(FOUR_SLOTS, WITHIN_100_MS)).search(NEAR_SLOTS)
    assert found.ending == "found"
    assert found.rate_rps == pytest.approx(SLOTS_RPS, rel=0.03)


def test_it_is_found_from_far_away() -> None:
    for start_rps in (1.0, 5.0, 400.0, 4000.0):
        found = even(Machine(FOUR_SLOTS, WITHIN_100_MS)).search(Bounds(start_rps, 4000.0, "the most"))
        assert found.rate_rps == pytest.approx(SLOTS_RPS, rel=0.03), start_rps


def test_a_service_that_never_meets_the_objective_carries_nothing() -> None:
    found = Machine(slots(100, lambda _: 0.3)).search()
    assert (found.ending, found.rate_rps) == ("never", 0.0)
    assert "the lowest rate" in found.why


def test_a_service_that_only_fails_under_errors() -> None:
    """Its answers are fast, and from 60 arrivals a second on every fiftieth is an error."""

    def serve(arrivals: Sequence[float], _: random.Random) -> Sequence[tuple[float, int]]:
        rate_rps = len(arrivals) / (arrivals[-1] - arrivals[0])
        return [
            (at_s + 0.01, -500 if rate_rps > 60 and number % 50 == 0 else 200) for number, at_s in enumerate(arrivals)
        ]

    found = even(Machine(serve)).search()
    assert found.rate_rps == pytest.approx(60.0, rel=0.03)


def test_a_service_that_carries_more_than_can_be_sent_has_a_lower_bound() -> None:
    machine = Machine(slots(1000, lambda _: 0.1))
    found = machine.search(Bounds(50.0, 200.0, "the load generator was proven up to this rate"))
    assert found.ending == "at least"
    assert found.rate_rps == pytest.approx(200.0, rel=RATIO - 1)
    assert found.why == "the load generator was proven up to this rate"


def test_a_rate_that_the_load_generator_cannot_send_is_never_too_much() -> None:
    """From 300 arrivals a second on it is 60 ms late, which makes answers of 150 ms late, too."""
    machine = Machine(slots(1000, lambda _: 0.15), seed=3)
    sends = machine.window

    def window(ask: Ask) -> Step:
        machine.late_s = lambda _: 0.06 if ask.rate_rps > 300 else 0.0
        return sends(ask)

    machine.window = window  # type: ignore[method-assign]
    found = machine.search()
    assert found.ending == "at least"
    assert found.rate_rps is not None
    assert found.rate_rps <= 300
    assert "late at P99" in found.why
    assert all(step.verdict == "not known" for step in machine.steps if step.rate_rps > 300)


def test_nothing_is_known_where_no_window_can_be_judged() -> None:
    found = Machine(slots(1000, lambda _: 0.15), late_s=lambda _: 0.06).search()
    assert found.ending == "not known"
    assert "late at P99" in found.why


def test_no_single_window_decides() -> None:
    """One window in ten is spoilt: the machine stood still for half a second."""

    def serve(arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        stall = arrivals[len(arrivals) // 2] if chance.random() < 0.1 else math.inf
        ended = FOUR_SLOTS(arrivals, chance)
        return [
            (max(done_s, stall + 0.5) if at_s > stall else done_s, status)
            for at_s, (done_s, status) in zip(arrivals, ended, strict=True)
        ]

    found = [even(Machine(serve, WITHIN_100_MS, seed)).search(NEAR_SLOTS).rate_rps for seed in range(30)]
    rates = [rate_rps for rate_rps in found if rate_rps]
    assert len(rates) == len(found)
    assert statistics.median(rates) == pytest.approx(SLOTS_RPS, rel=0.04)
    assert sum(rate_rps < 0.85 * SLOTS_RPS for rate_rps in rates) <= 3
    assert max(rates) < 1.04 * SLOTS_RPS


def test_a_bracket_that_one_window_spoilt_is_left_behind() -> None:
    """The machine stood still in the first window, which made the common rate look like too much for 200/s."""
    machine = even(Machine(slots(10, lambda _: HOLD_S), WITHIN_100_MS))
    sends = machine.window

    def window(ask: Ask) -> Step:
        step = sends(ask)
        return replace(step, verdict="exceeded", server_s_per_request=None) if step.number == 0 else step

    machine.window = window  # type: ignore[method-assign]
    found = machine.search(Bounds(100.0, 4000.0, "the most"))
    assert max(step.rate_rps for step in machine.steps if step.part == "bracket") < 101
    assert found.rate_rps == pytest.approx(200.0, rel=0.05)


def test_the_windows_that_settle_go_up_one_place_and_down_two() -> None:
    machine = even(Machine(FOUR_SLOTS, WITHIN_100_MS))
    found = machine.search(NEAR_SLOTS)
    settling = [step for step in machine.steps if step.part == "settle"]
    places = [level_of(step.rate_rps) for step in settling]
    ways = [1 if step.verdict == "held" else -2 for step in settling]
    assert [after - before for before, after in itertools.pairwise(places)] == ways[:-1]
    counted = [*places[-staircase.COUNTED :], places[-1] + ways[-1]]
    assert found.rate_rps == pytest.approx(rate_at(statistics.mean(counted)))


def test_it_ends_in_time_whatever_the_machine_does() -> None:
    def serve(arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        slow = chance.random() < 0.5
        return [(at_s + (0.5 if slow else 0.1), 200) for at_s in arrivals]

    longest_s = search.MOST_S + (staircase.MOST_WINDOWS + len(staircase.BELOW) + 1) * (grid.LONGEST_WINDOW_S + 1)
    for seed in range(20):
        machine = Machine(serve, seed=seed)
        machine.search()
        assert machine.now_s - 100.0 < longest_s
        assert sum(step.part == "settle" for step in counted(machine.steps)) <= staircase.MOST_WINDOWS


def test_a_search_without_a_bracket_ends_when_its_time_is_up() -> None:
    machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
    machine.search(NEAR_SLOTS)
    steps = [step for step in machine.steps if step.part == "bracket"]
    for count in range(1, len(steps)):
        first, *later = steps[:count]
        found = bracketing([replace(first, begin_s=first.begin_s - search.MOST_S), *later], NEAR_SLOTS, 1)
        if found is not None:  # the bracket is narrow enough by then
            assert isinstance(found, Found)
            assert found.ending == "not known"
            assert found.why.startswith("not found within 40 s of load: the objective ")
    assert isinstance(bracketing(steps[:1], NEAR_SLOTS, 1), Ask)


def test_a_search_that_does_not_settle_says_so() -> None:
    """While it settles no window can be judged."""
    machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
    bracketed = Machine(FOUR_SLOTS, WITHIN_100_MS)
    bracketed.search(NEAR_SLOTS)
    first = sum(step.part == "bracket" for step in bracketed.steps)
    machine.late_s = lambda number: 0.06 if number >= first else 0.0
    found = machine.search(NEAR_SLOTS)
    assert found.ending == "not known"
    assert found.why.startswith("not settled within 14 windows; ")
    assert "late at P99" in found.why


def test_every_search_begins_at_the_common_rate_unless_its_slots_are_far_below() -> None:
    def begins(bounds: Bounds) -> list[float]:
        steps: list[Step] = []
        machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
        for _ in range(2):
            asked = bracketing(steps, bounds, 1)
            assert isinstance(asked, Ask)
            steps.append(machine.window(asked))
        return [round(step.rate_rps) for step in steps]

    assert begins(Bounds(34.0, 4000.0, "the most", 40.0)) == [100, 34]
    assert begins(Bounds(400.0, 4000.0, "the most"))[0] == 100
    assert begins(Bounds(17.0, 4000.0, "the most", 20.0))[0] == 17
    assert begins(Bounds(34.0, 60.0, "the most", 40.0))[0] == 34


def test_rates_stand_on_a_grid() -> None:
    assert pytest.approx(1.039, abs=0.001) == RATIO
    for level in range(-5, 250):
        assert level_of(rate_at(level)) == level


def test_where_a_search_starts() -> None:
    assert first_rate(40.0, 4000.0) == pytest.approx(34.0)
    assert first_rate(None, 4000.0) == 100.0
    assert first_rate(None, 20.0) == 20.0
    assert first_rate(0.1, 4000.0) == 1.0


def test_windows_below_the_rate_are_measured_at_last() -> None:
    machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
    found = machine.search(BOUNDS)
    assert found.rate_rps
    shares = [step.rate_rps / found.rate_rps for step in machine.steps if step.part == "below"]
    assert shares == pytest.approx([0.8, 0.5], rel=0.03)
    assert [round(ask.rate_rps) for ask in staircase.below(1000.0)] == [794, 501, 200, 398]
    assert [round(ask.rate_rps) for ask in staircase.below(1.5)] == [1]
