import math
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.engine.arrivals import ARRIVALS, Closed, Open, load_of, offsets_s

HANDED = {"model": "open", "rate_rps": 50.0, "arrivals": "poisson", "max_in_flight": 9, "seed": 3}


def schedule(load: Open, ramp_s: float, until_s: float) -> list[float]:
    return list(takewhile(lambda offset_s: offset_s < until_s, offsets_s(load, ramp_s)))


def at(rate_rps: float, arrivals: str = "fixed", seed: int = 1) -> Open:
    return Open(rate_rps, arrivals, 100, seed)


def test_a_plan_has_a_closed_loop_or_an_open_loop_load() -> None:
    assert load_of({"model": "closed", "users": 7}) == Closed(7)
    assert load_of(HANDED) == Open(50.0, "poisson", 9, 3)


@pytest.mark.parametrize(
    "handed",
    [
        pytest.param(HANDED | {"users": 3}, id="a key of the other model"),
        pytest.param({"model": "closed", "users": 3, "think_s": 1}, id="an unknown key"),
        pytest.param({"model": "open", "rate_rps": 1.0}, id="absent keys"),
        pytest.param({"model": "half-open", "users": 3}, id="an unknown model"),
        pytest.param({"users": 3}, id="no model"),
    ],
)
def test_any_other_load_is_a_type_error(handed: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        load_of(handed)


def test_fixed_arrivals_are_evenly_spaced_to_the_last_digit_however_long_the_run_is() -> None:
    found = list(islice(offsets_s(at(3000.0), ramp_s=0.0), 1_000_000))
    assert found == [(number + 0.5) / 3000.0 for number in range(1_000_000)]


@pytest.mark.parametrize("arrivals", ARRIVALS)
def test_the_rate_rises_linearly_and_then_stays(arrivals: str) -> None:
    load = at(20_000.0, arrivals)
    found = schedule(load, ramp_s=2.0, until_s=4.0)
    assert found == sorted(found)
    for until_s in (0.5, 1.0, 2.0, 3.0, 4.0):
        wanted = load.rate_rps * (until_s**2 / 4 if until_s < 2 else until_s - 1)
        within = 1 if arrivals == "fixed" else 4 * math.sqrt(wanted)
        assert sum(offset_s < until_s for offset_s in found) == pytest.approx(wanted, abs=within)


def test_poisson_gaps_are_exponential_with_the_mean_of_the_rate() -> None:
    found = list(islice(offsets_s(at(200.0, "poisson"), ramp_s=0.0), 100_001))
    gaps_s = sorted(later - earlier for earlier, later in pairwise(found))
    assert sum(gaps_s) / len(gaps_s) == pytest.approx(1 / 200, rel=0.02)
    for fraction in (0.1, 0.5, 0.9, 0.99):
        wanted_s = -math.log(1 - fraction) / 200
        assert gaps_s[int(fraction * len(gaps_s))] == pytest.approx(wanted_s, rel=0.05)


def test_the_same_seed_gives_the_same_poisson_arrivals() -> None:
    first, again, other = (
        list(islice(offsets_s(at(10.0, "poisson", seed), ramp_s=3.0), 500)) for seed in (4, 4, 5)
    )  # fmt: skip
    assert first == again
    assert not set(first) & set(other)


@given(
    st.sampled_from(sorted(ARRIVALS)),
    st.floats(min_value=0.01, max_value=10_000),
    st.floats(min_value=0, max_value=100),
    st.integers(0, 1000),
)
def test_offsets_never_fall_and_are_never_negative(arrivals: str, rate_rps: float, ramp_s: float, seed: int) -> None:
    found = list(islice(offsets_s(at(rate_rps, arrivals, seed), ramp_s), 200))
    assert found[0] >= 0
    assert found == sorted(found)
