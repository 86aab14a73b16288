"""Simulated sessions: what the gate is built to do holds for the code that decides."""

import pytest

from tests.calibration.simulated import NOISES, TOLERANCE, Kind, scheduled, simulate

LONG = scheduled(20)


def test_unchanged_code_passes_soon_where_restarts_vary_by_3_per_cent() -> None:
    found = simulate(Kind("normal", 0.03, "nothing", 0.0, LONG), 100)
    assert found.regressed <= 1
    assert found.passed >= 97
    assert found.restarts < 11.5


@pytest.mark.parametrize("noise", NOISES)
def test_what_is_worse_by_the_tolerance_hardly_ever_passes(noise: str) -> None:
    """The levels are set for one session of twenty."""
    assert simulate(Kind(noise, 0.05, "one figure", TOLERANCE, LONG), 100).passed <= 10


def test_what_is_worse_by_far_regresses_and_never_passes() -> None:
    found = simulate(Kind("normal", 0.05, "one stack", 0.20, LONG), 60)
    assert (found.regressed, found.passed) == (60, 0)


def test_noise_beyond_the_tolerance_is_undecided_rather_than_passed() -> None:
    found = simulate(Kind("normal", 0.20, "nothing", 0.0, LONG), 40)
    assert found.passed <= 2
    assert found.regressed <= 2
    assert found.restarts > 18
