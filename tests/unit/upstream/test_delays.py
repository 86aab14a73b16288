import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from upstream.delays import Delay, parse_delay

WAVY = Delay(0.1, 0.5)


@given(st.integers(), st.text(max_size=10), st.integers(min_value=0))
def test_the_same_seed_route_and_number_give_the_same_delay(seed: int, route: str, number: int) -> None:
    assert WAVY.seconds(seed, route, number) == Delay(0.1, 0.5).seconds(seed, route, number) > 0


def test_another_seed_route_or_number_gives_another_delay() -> None:
    assert len({WAVY.seconds(*which) for which in ((1, "users", 0), (2, "users", 0), (1, "orders", 0))}) == 3
    assert len({WAVY.seconds(1, "users", number) for number in range(1000)}) == 1000


@given(st.integers(), st.integers(min_value=0))
def test_a_fixed_delay_never_varies(seed: int, number: int) -> None:
    assert Delay(0.25).seconds(seed, "weather", number) == 0.25


def test_median_and_p95_are_those_of_the_lognormal_distribution() -> None:
    drawn_s = [WAVY.seconds(7, "weather", number) for number in range(20_000)]
    wanted = lognorm(s=0.5, scale=0.1)
    # Five standard errors of a sample quantile: sqrt(q (1 - q) / n) / density.
    for quantile in (0.5, 0.95):
        there_s = float(wanted.ppf(quantile))
        error_s = float(np.sqrt(quantile * (1 - quantile) / len(drawn_s)) / wanted.pdf(there_s))
        assert np.quantile(drawn_s, quantile) == pytest.approx(there_s, abs=5 * error_s)


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("0", Delay(0.0)),
        ("0.1", Delay(0.1)),
        ("lognormal:0.1:0.5", Delay(0.1, 0.5)),
        ("lognormal:0.1:0", Delay(0.1)),
    ],
)
def test_a_delay_is_parsed_from_its_text(text: str, delay: Delay) -> None:
    assert parse_delay(text) == delay


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "-0.1",
        "nan",
        "inf",
        "1:2",
        "normal:0.1:0.5",
        "lognormal:0.1",
        "lognormal:0.1:x",
        "lognormal:0.1:-1",
        "lognormal:0.1:0.5:1",
    ],
)
def test_the_error_for_a_bad_delay_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a delay: write seconds \(0\.1\) or lognormal:MEDIAN_S:SIGMA"):
        parse_delay(text)
