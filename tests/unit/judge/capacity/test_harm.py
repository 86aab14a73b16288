"""Searches of servers that an overload leaves unable to carry what they carried before."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from bench.judge.capacity.grid import Found
from bench.judge.capacity.harm import MOST_HARMED, counted, harmed
from bench.judge.capacity.search import next_ask, outcome
from bench.model.config import Objective, Sought
from bench.model.search import Bounds
from tests.unit.judge.capacity.simulated import Machine, even, slots

WITHIN_100_MS = Sought(Objective("p95", 0.1), "poisson", 500)
HOLD_S = 0.05
OVERLOADED_S = 0.25


@dataclass
class Fragile:
    """Four slots of 50 ms. A request that took OVERLOADED_S harms it: then they take `harmed_s`, until a restart.

    From the restart of number `robust` on, no overload harms it.
    """

    harmed_s: float
    robust: int = 1000
    harmed: bool = False
    restarts: int = 0

    def serve(self, arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        answers = slots(4, lambda _: self.harmed_s if self.harmed else HOLD_S)(arrivals, chance)
        took_s = [done_s - at_s for at_s, (done_s, _) in zip(arrivals, answers, strict=True)]
        self.harmed |= max(took_s, default=0.0) > OVERLOADED_S and self.restarts < self.robust
        return answers

    def restart(self) -> None:
        self.harmed = False
        self.restarts += 1


def search(fragile: Fragile, start_rps: float) -> tuple[Found, Machine]:
    machine = even(Machine(fragile.serve, WITHIN_100_MS, restart=fragile.restart))
    return machine.search(Bounds(start_rps, 4000.0, "the most", start_rps)), machine


@pytest.mark.parametrize(("harmed_s", "start_rps"), [(0.095, 20.0), (0.2, 20.0), (2.0, 20.0), (0.2, 68.0), (2.0, 68.0)])
def test_what_a_server_carries_is_found_that_overloads_harm(harmed_s: float, start_rps: float) -> None:
    fragile = Fragile(harmed_s)
    found, machine = search(fragile, start_rps)
    assert found.ending == "found"
    assert found.rate_rps == pytest.approx(4 / HOLD_S, rel=0.05)
    assert len(harmed(machine.steps)) == fragile.restarts > 0


def test_a_server_that_the_first_window_harmed_is_not_said_to_carry_nothing() -> None:
    found, machine = search(Fragile(0.2), 400.0)
    assert machine.steps[0].verdict == "exceeded"
    assert found.rate_rps == pytest.approx(4 / HOLD_S, rel=0.05)


def test_of_the_windows_of_a_harmed_server_that_with_the_overload_counts() -> None:
    _, machine = search(Fragile(0.2, robust=1), 20.0)
    place = next(place for place, step in enumerate(machine.steps) if step.part == "check")
    before = machine.steps[:place]
    held = max(number for number, step in enumerate(before) if step.verdict == "held")
    assert len(before) > held + 2
    assert counted(machine.steps[: place + 1]) == before[: held + 2]
    assert counted(before) == before


def test_a_server_that_fails_anew_was_not_harmed() -> None:
    """It became slower for another reason: all windows count, and it is not started anew again and again."""
    fragile = Fragile(0.2, robust=0)
    machine = even(Machine(fragile.serve, WITHIN_100_MS, restart=fragile.restart))
    bounds = Bounds(68.0, 4000.0, "the most", 68.0)
    while (ask := next_ask(machine.steps, bounds, 1)) is not None:
        slower = len(machine.steps) > 6
        machine.serve = slots(4, lambda _, hold_s=0.09 if slower else HOLD_S: hold_s)  # type: ignore[misc]
        if ask.part == "check":
            fragile.restart()
        machine.steps.append(machine.window(ask))
    assert fragile.restarts == 1
    assert harmed(machine.steps) == []
    assert [step for step in machine.steps if step.part != "check"] == counted(machine.steps)


def test_a_server_that_is_harmed_again_and_again_has_no_capacity() -> None:
    def serve(arrivals: Sequence[float], _: random.Random) -> Sequence[tuple[float, int]]:
        took_s = 0.01 if fresh else 0.5
        fresh.clear()
        return [(at_s + took_s, 200) for at_s in arrivals]

    fresh = [True]
    found = even(Machine(serve, WITHIN_100_MS, restart=lambda: fresh.append(True))).search()
    assert found.ending == "not known"
    assert found.why == f"the server was started anew {MOST_HARMED} times, and each overload harmed it"


def test_a_service_that_cannot_be_started_anew_is_searched_as_it_is() -> None:
    machine = even(Machine(Fragile(0.2).serve, WITHIN_100_MS))
    bounds = Bounds(68.0, 4000.0, "the most", 68.0)
    while (ask := next_ask(machine.steps, bounds, 1, restarts=False)) is not None:
        machine.steps.append(machine.window(ask))
    assert {step.part for step in machine.steps} <= {"bracket", "settle", "below"}
    assert outcome(machine.steps, bounds, 1) is not None


def test_healthy_servers_are_hardly_ever_started_anew() -> None:
    """Chance decides where the windows are short: in fewer than one search of ten."""
    checks = 0
    for seed in range(100):
        machine = Machine(slots(4, lambda _: HOLD_S), WITHIN_100_MS, seed)
        machine.search(Bounds(68.0, 4000.0, "the most", 80.0))
        checks += sum(step.part == "check" for step in machine.steps)
    assert checks < 10
