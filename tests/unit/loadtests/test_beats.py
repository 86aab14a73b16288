import math

import pytest

from loadtests.engine.beats import BEAT_S, beat

from .made_up import World


def beaten(world: World, end_s: float, decided_s: float = 0.0) -> tuple[list[float], list[float]]:
    """When each beat from 0 on was due and how late it was; the end is known from `decided_s` on."""
    beats: list[tuple[float, float]] = []

    def keep(due_s: float, late_s: float) -> None:
        beats.append((due_s, late_s))

    beat(0.0, lambda: math.inf if world.now_s < decided_s else end_s, keep, world.clock, world.sleep)
    return [due_s for due_s, _ in beats], [late_s for _, late_s in beats]


def test_beats_are_due_on_a_fixed_grid_up_to_the_end() -> None:
    due_s, late_s = beaten(World(), end_s=0.995)
    assert due_s == [number * BEAT_S for number in range(100)]
    assert late_s == pytest.approx([0.0] * 100)
    assert min(late_s) >= 0


def test_each_beat_that_was_due_in_a_stall_is_kept_with_its_own_lateness() -> None:
    due_s, late_s = beaten(World().stalled(at_s=0.2 - 1e-9, for_s=0.035), end_s=0.995)
    assert due_s == [number * BEAT_S for number in range(100)]
    assert late_s[19:25] == pytest.approx([0.0, 0.035, 0.025, 0.015, 0.005, 0.0], abs=1e-6)


def test_a_stall_across_the_end_does_not_hide_the_beats_before_it() -> None:
    due_s, late_s = beaten(World().stalled(at_s=0.45, for_s=10.0), end_s=0.5, decided_s=5.0)
    assert due_s == [number * BEAT_S for number in range(50)]
    assert late_s[-1] == pytest.approx(9.96, abs=0.011)


def test_the_timer_beats_on_until_the_end_is_decided() -> None:
    due_s, _ = beaten(World(), end_s=0.5, decided_s=0.7)
    assert due_s[-1] == pytest.approx(0.69, abs=0.011)
