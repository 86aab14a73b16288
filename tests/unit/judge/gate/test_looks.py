import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.gate.looks import LOOKS, MINUTES, Levels, levels, looks_of


@pytest.mark.parametrize(
    ("restarts", "looks"), [(20, (10, 13, 16, 20)), (12, (8, 10, 12)), (11, (11,)), (19, (19,)), (1, (1,)), (40, (40,))]
)
def test_only_a_session_of_a_known_length_is_judged_before_its_end(restarts: int, looks: tuple[int, ...]) -> None:
    assert looks_of(restarts) == looks


@pytest.mark.parametrize(
    ("looks", "wanted"),
    [
        (1, Levels(0.05, 0.05)),
        (2, Levels(0.025, 0.03)),
        (3, Levels(0.05 / 3, 0.024)),
        (4, Levels(0.0125, 0.018)),
        (5, Levels(0.01, 0.01)),
    ],
)
def test_each_look_has_its_share_of_alpha(looks: int, wanted: Levels) -> None:
    found = levels(looks, 0.05)
    assert (found.regressed, found.passed) == pytest.approx((wanted.regressed, wanted.passed))


@given(st.integers(1, 10), st.floats(0.001, 0.5))
def test_all_looks_together_raise_no_more_false_alarms_than_alpha(looks: int, alpha: float) -> None:
    found = levels(looks, alpha)
    assert looks * found.regressed <= alpha * (1 + 1e-12)
    assert found.regressed <= found.passed * (1 + 1e-12)
    assert found.passed <= alpha


def test_the_minutes_to_choose_from_are_sessions_with_several_looks() -> None:
    assert set(MINUTES.values()) == set(LOOKS)
    assert sorted(MINUTES) == [minutes for minutes, _ in sorted(MINUTES.items(), key=lambda one: one[1])]
