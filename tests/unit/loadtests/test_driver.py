"""The driver on a clock of its own: no time passes."""

import math
from collections.abc import Callable

import pytest

from loadtests.engine.driver import ARREARS_S, LEAST_SLEEP_S, POLL_S, drive
from loadtests.engine.pool import Pool

from .made_up import Unused, World


class Noting(Pool):
    """Notes what the driver begins, as (scheduled_s, the moment), and what it forgoes."""

    def __init__(self, world: World) -> None:
        super().__init__(Unused(), 1, {}, lambda *_: None)
        self.world = world
        self.numbers: list[int] = []
        self.begun: list[tuple[float, float]] = []
        self.forgone: list[float] = []

    def begin(self, number: int, scheduled_s: float) -> None:
        self.numbers.append(number)
        self.begun.append((scheduled_s, self.world.now_s))

    def forgo(self, scheduled_s: float) -> None:
        self.forgone.append(scheduled_s)


def driven(world: World, arrivals: list[float], end_s: Callable[[], float]) -> Noting:
    pool = Noting(world)
    drive(arrivals, pool, end_s, world.clock, world.sleep)
    return pool


def test_each_arrival_begins_when_it_is_due_and_none_at_or_after_the_end() -> None:
    pool = driven(World(), [0.0, 0.5, 0.5, 0.75, 1.0, 1.5], lambda: 1.0)
    assert [scheduled_s for scheduled_s, _ in pool.begun] == [0.0, 0.5, 0.5, 0.75]
    assert all(0 <= now_s - scheduled_s <= LEAST_SLEEP_S for scheduled_s, now_s in pool.begun)
    assert pool.numbers == [0, 1, 2, 3]
    assert pool.forgone == []


def test_all_arrivals_that_became_due_in_a_stall_begin_right_after_it() -> None:
    pool = driven(World().stalled(at_s=0.01, for_s=0.3), [0.01, 0.1, 0.2, 0.3, 0.4], lambda: 1.0)
    assert [now_s for _, now_s in pool.begun] == pytest.approx([0.31, 0.31, 0.31, 0.31, 0.4])


@pytest.mark.parametrize("final_s", [1.0, 2.0])
def test_what_is_due_before_the_end_is_decided_begins_on_time_whatever_is_decided(final_s: float) -> None:
    arrivals = [number / 100 for number in range(300)]
    world = World()
    pool = driven(world, arrivals, lambda: math.inf if world.now_s < 1.045 else final_s)
    wanted = max(int(100 * final_s), 105)  # up to 1.04 they are due before the end is decided
    assert [scheduled_s for scheduled_s, _ in pool.begun] == arrivals[:wanted]
    assert all(now_s - scheduled_s <= LEAST_SLEEP_S for scheduled_s, now_s in pool.begun)
    assert pool.forgone == []


def test_arrivals_that_a_stall_kept_from_beginning_before_the_end_are_recorded_as_forgone() -> None:
    arrivals = [number / 10 for number in range(1, 30)]
    pool = driven(World().stalled(at_s=0.95, for_s=5.0), arrivals, lambda: 2.0)
    assert [scheduled_s for scheduled_s, _ in pool.begun] == arrivals[:9]
    assert pool.forgone == arrivals[9:19]


def test_an_arrival_that_begins_a_moment_after_the_end_is_not_forgone() -> None:
    pool = driven(World().stalled(at_s=0.99, for_s=ARREARS_S * 0.9), [0.5, 0.999, 1.0], lambda: 1.0)
    assert [scheduled_s for scheduled_s, _ in pool.begun] == [0.5, 0.999]
    assert pool.forgone == []


def test_a_driver_that_waits_for_a_late_arrival_notices_the_end_soon() -> None:
    world = World()
    pool = driven(world, [100.0], lambda: math.inf if world.now_s < 3.0 else 3.0)
    assert pool.begun == []
    assert world.now_s <= 3.0 + POLL_S + LEAST_SLEEP_S


def test_a_driver_that_is_behind_schedule_yields_to_the_event_loop() -> None:
    world = World()

    class Slow(Noting):
        def begin(self, number: int, scheduled_s: float) -> None:
            super().begin(number, scheduled_s)
            world.now_s += 0.02

    pool = Slow(world)
    drive([number / 100 for number in range(100)], pool, lambda: 10.0, world.clock, world.sleep)
    assert len(pool.begun) == 100
    assert len(world.slept_s) >= 5
    assert min(world.slept_s) >= LEAST_SLEEP_S
