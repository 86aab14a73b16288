"""The search against services whose capacity is known."""

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.judge.capacity import search
from bench.judge.capacity.search import RATIO, Ask, Found, first_rate, level_of, next_step, rate_at
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
    assert found.rate_rps is not None
    assert found.above_rps == pytest.approx(found.rate_rps * RATIO)


def test_it_is_found_from_far_away() -> None:
    for start_rps in (1.0, 5.0, 400.0, 4000.0):
        found = even(Machine(FOUR_SLOTS, WITHIN_100_MS)).search(Bounds(start_rps, 4000.0, "the most"))
        assert found.rate_rps == pytest.approx(SLOTS_RPS, rel=0.03), start_rps


def test_a_service_that_never_meets_the_objective_carries_nothing() -> None:
    found = Machine(slots(100, lambda _: 0.3)).search()
    assert (found.ending, found.rate_rps, found.above_rps) == ("never", 0.0, 1.0)
    assert "the lowest rate" in found.why


def test_a_service_that_only_fails_under_errors() -> None:
    """Its answers are fast, and from 60 arrivals a second on every fiftieth is an error."""

    def serve(arrivals: Sequence[float], _: random.Random) -> Sequence[tuple[float, int]]:
        rate_rps = len(arrivals) / (arrivals[-1] - arrivals[0])
        return [
            (at_s + 0.01, -500 if rate_rps > 60 and number % 50 == 0 else 200) for number, at_s in enumerate(arrivals)
        ]

    found = even(Machine(serve)).search()
    assert found.rate_rps == pytest.approx(60.0, rel=0.045)


def test_a_service_that_carries_more_than_can_be_sent_has_a_lower_bound() -> None:
    machine = Machine(slots(1000, lambda _: 0.1))
    found = machine.search(Bounds(50.0, 200.0, "the load generator was proven up to this rate"))
    assert found.ending == "at least"
    assert found.rate_rps == pytest.approx(200.0, rel=RATIO - 1)
    assert found.why == "the load generator was proven up to this rate"
    assert machine.steps[-1].confirms


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


def test_neither_end_rests_on_one_window() -> None:
    """One window in ten is spoilt: the machine stood still for half a second."""

    def serve(arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        stall = arrivals[len(arrivals) // 2] if chance.random() < 0.1 else math.inf
        ended = FOUR_SLOTS(arrivals, chance)
        return [
            (max(done_s, stall + 0.5) if at_s > stall else done_s, status)
            for at_s, (done_s, status) in zip(arrivals, ended, strict=True)
        ]

    rates = []
    for seed in range(30):
        machine = even(Machine(serve, WITHIN_100_MS, seed))
        found = machine.search(NEAR_SLOTS)
        assert found.rate_rps
        assert found.above_rps
        rates.append(found.rate_rps)
        if found.why:
            continue
        above = [step for step in machine.steps if level_of(step.rate_rps) == level_of(found.above_rps)]
        assert (
            sum(step.verdict == "exceeded" for step in above)
            + sum(step.confirms and step.verdict == "exceeded" for step in above)
            >= 2
        )
        at = [step for step in machine.steps if level_of(step.rate_rps) == level_of(found.rate_rps)]
        assert any(step.confirms and step.verdict == "held" for step in at)
    assert statistics.median(rates) == pytest.approx(SLOTS_RPS, rel=0.03)


def test_it_ends_in_time_whatever_the_machine_does() -> None:
    def serve(arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        slow = chance.random() < 0.5
        return [(at_s + (0.5 if slow else 0.1), 200) for at_s in arrivals]

    for seed in range(20):
        machine = Machine(serve, seed=seed)
        machine.search()
        assert machine.now_s - 100.0 < search.MOST_S + 2 * search.LONGEST_WINDOW_S * search.CONFIRMING


def test_what_is_known_when_time_is_up_is_told() -> None:
    machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
    machine.search(NEAR_SLOTS)
    lengths = [step.end_s - step.begin_s for step in machine.steps]
    for count in range(1, len(machine.steps)):
        longer = search.MOST_S + 1 - sum(lengths[:count])
        first, *later = machine.steps[:count]
        found = next_step([replace(first, begin_s=first.begin_s - longer), *later], NEAR_SLOTS, 1)
        assert isinstance(found, Found)
        assert "not settled within" in found.why
        assert found.ending == "not known" or (
            found.rate_rps and found.above_rps and found.above_rps / found.rate_rps < 1.13
        )


def test_rates_stand_on_a_grid() -> None:
    assert pytest.approx(1.039, abs=0.001) == RATIO
    for level in range(-5, 250):
        assert level_of(rate_at(level)) == level


def test_where_a_search_starts() -> None:
    assert first_rate(40.0, 4000.0) == pytest.approx(34.0)
    assert first_rate(None, 4000.0) == 50.0
    assert first_rate(None, 20.0) == 20.0
    assert first_rate(0.1, 4000.0) == 1.0


def test_windows_below_the_rate_are_measured_at_last() -> None:
    machine = Machine(FOUR_SLOTS, WITHIN_100_MS)
    found = machine.search(BOUNDS)
    assert found.rate_rps
    shares = {round(step.rate_rps / found.rate_rps, 2) for step in machine.steps if step.verdict == "held"}
    assert {0.79, 0.50} <= shares
