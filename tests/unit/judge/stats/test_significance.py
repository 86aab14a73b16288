import math
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from bench.judge.stats import significance
from bench.judge.stats.significance import (
    MOST_FLIPPED,
    MOST_RANKED,
    detectable,
    detectable_unpaired,
    holm,
    least_mann_whitney_p,
    least_sign_flip_p,
    mann_whitney_p,
    needed,
    needed_unpaired,
    proportion_interval,
    sign_flip_p,
    upper_bound,
)

MAIZE = [49.0, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Darwin's: crossed less self-fertilised, in eighths of an inch; the example of Fisher's section 21."""

EIGHTHS = st.integers(-80, 80).map(lambda number: number / 8)
DIFFERENCES = st.lists(EIGHTHS, min_size=1, max_size=10)
TIED = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=4)
PROBABILITIES = st.lists(st.floats(0, 1), max_size=6)
LEVELS = st.sampled_from([0.05, 0.025, 0.01, 0.005])
POWERS = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def test_darwins_maize_has_the_p_that_fisher_published() -> None:
    assert sign_flip_p(MAIZE) == 863 / 32768


@pytest.mark.parametrize(
    ("differences", "eighths"),
    [
        ([1.0, 2, 3], 1),
        # The eight signings add up to 6, 4, 2, 0, 0, -2, -4 and -6: two of them to 4 or more, three to 2 or more.
        ([-1.0, 2, 3], 2),
        ([1.0, -2, 3], 3),
        ([1.0, 2, -3], 5),
        ([-1.0, -2, 3], 5),
        ([-1.0, -2, -3], 8),
        ([0.0, 0, 3], 4),
        ([0.0, 0, 0], 8),
        ([0.1, 0.2, -0.3], 5),  # adds up to 0, as do all three turned round, but for rounding
    ],
)
def test_three_differences_have_the_p_of_a_count_by_hand(differences: list[float], eighths: int) -> None:
    assert sign_flip_p(differences) == eighths / 8


@pytest.mark.parametrize(("difference", "p"), [(5.0, 0.5), (0.0, 1.0), (-5.0, 1.0)])
def test_a_single_difference_shows_almost_nothing(difference: float, p: float) -> None:
    assert sign_flip_p([difference]) == p


@pytest.mark.parametrize(
    "differences",
    [[], [1.0, math.nan], [1.0, math.inf], [1.0] * MOST_FLIPPED + [math.inf, 1.0]],
    ids=["none", "nan", "inf", "many"],
)
def test_a_sign_flip_test_refuses_what_it_cannot_count(differences: list[float]) -> None:
    with pytest.raises(ValueError, match="sign-flip"):
        sign_flip_p(differences)


@pytest.mark.parametrize("count", [1, 2, 5, 10, MOST_FLIPPED])
def test_differences_that_are_all_above_0_have_the_least_p(count: int) -> None:
    assert sign_flip_p([1.0 + place for place in range(count)]) == least_sign_flip_p(count) == 1 / 2**count


@pytest.mark.parametrize("count", [MOST_FLIPPED + 1, 40, 100])
def test_more_differences_than_signs_have_the_least_p_of_so_many_signs(count: int) -> None:
    assert sign_flip_p([1.0 + place for place in range(count)]) == least_sign_flip_p(count) == 1 / 2**MOST_FLIPPED


def test_ten_gated_cells_need_eight_restarts() -> None:
    assert least_sign_flip_p(8) <= 0.05 / 10 < least_sign_flip_p(7)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=7))
def test_p_is_the_share_of_all_signings_that_add_up_to_as_much(numbers: list[int]) -> None:
    signings = list(product((1, -1), repeat=len(numbers)))
    sums = [sum(sign * number for sign, number in zip(signs, numbers, strict=True)) for signs in signings]
    assert sign_flip_p([number / 10 for number in numbers]) == sum(one >= sum(numbers) for one in sums) / len(sums)


@given(DIFFERENCES)
def test_the_two_sides_of_a_sign_flip_test_overlap_in_the_ties(differences: list[float]) -> None:
    mirrored = sign_flip_p([-difference for difference in differences])
    assert 1 + least_sign_flip_p(len(differences)) <= sign_flip_p(differences) + mirrored <= 2


@given(DIFFERENCES, st.floats(1e-6, 1e6))
def test_the_unit_of_the_differences_does_not_matter(differences: list[float], factor: float) -> None:
    assert sign_flip_p([difference * factor for difference in differences]) == sign_flip_p(differences)


@given(DIFFERENCES, st.integers(1, 40))
def test_a_larger_change_never_has_a_larger_p(differences: list[float], eighths: int) -> None:
    assert sign_flip_p([difference + eighths / 8 for difference in differences]) <= sign_flip_p(differences)


@given(st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=6))
def test_the_sign_flip_test_is_exact_whatever_the_differences(differences: list[float]) -> None:
    signings = product((1, -1), repeat=len(differences))
    found = [sign_flip_p([sign * one for sign, one in zip(signs, differences, strict=True)]) for signs in signings]
    assert all(sum(one <= p for one in found) == p * len(found) for p in found)


@settings(max_examples=25)
@given(st.integers(1, 3), st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=8))
def test_with_fewer_signs_than_differences_no_p_is_found_more_often_than_it_says(
    signs: int, differences: list[float]
) -> None:
    signings = list(product((1, -1), repeat=len(differences)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(significance, "MOST_FLIPPED", signs)
        found = [sign_flip_p([sign * one for sign, one in zip(way, differences, strict=True)]) for way in signings]
    assert all(sum(one <= p for one in found) <= p * len(found) for p in found)


def test_differences_that_share_a_sign_are_added_up() -> None:
    # With two signs: 5 - 1 + 2 = 6 and -3 + 4 = 1. Of the four signings of 6 and 1 one adds up to 7.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(significance, "MOST_FLIPPED", 2)
        assert sign_flip_p([5.0, -3.0, -1.0, 4.0, 2.0]) == 1 / 4
        # 6 and -3: 6 - 3 = 3 is reached by two of 9, 3, -3, -9.
        assert sign_flip_p([5.0, -7.0, -1.0, 4.0, 2.0]) == 2 / 4


SESSIONS = 4000
ALPHA = 0.05


def test_forty_differences_raise_false_alarms_at_the_level_and_no_more() -> None:
    random = np.random.default_rng(40)
    # Noise that differs from one restart to the next, and is symmetric: the null hypothesis holds.
    drawn = random.laplace(size=(1000, 40)) * random.lognormal(size=40)
    rejected = [sign_flip_p(row) <= ALPHA for row in drawn.tolist()]
    assert np.mean(rejected) == pytest.approx(ALPHA, abs=3 * math.sqrt(ALPHA * (1 - ALPHA) / len(rejected)))


def _rejected(differences: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each row's sum is among the highest alpha of all its signings: written apart from the code under test."""
    count = differences.shape[1]
    signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    rows = [(signs @ block.T >= block.sum(axis=1) - 1e-12).mean(axis=0) for block in np.split(differences, 8)]
    return np.concatenate(rows) <= ALPHA


@pytest.mark.parametrize("kind", ["normal", "laplace"])
@pytest.mark.parametrize("count", range(5, 13))
def test_the_sign_flip_test_raises_false_alarms_at_its_level_and_no_more(count: int, kind: str) -> None:
    random = np.random.default_rng(count)
    draw = random.normal if kind == "normal" else random.laplace
    differences = draw(size=(SESSIONS, count))
    rejected = _rejected(differences)
    # The highest p that there is at or below 5 %: 3.1 % with 5 differences, 4.7 % with 6, 4.98 % with 12.
    attainable = math.floor(ALPHA * 2**count) / 2**count
    error = math.sqrt(attainable * (1 - attainable) / SESSIONS)
    assert rejected.mean() == pytest.approx(attainable, abs=3 * error)
    assert rejected.mean() <= 0.05 + 3 * error
    assert rejected.mean() >= 0.03 - (3 * error if count == 5 else 0)
    for row, expected in zip(differences[:50], rejected[:50], strict=True):
        assert (sign_flip_p(row.tolist()) <= ALPHA) == expected


@pytest.mark.parametrize(
    ("head", "base", "p"),
    [
        ([4.0, 5, 6], [1.0, 2, 3], Fraction(1, 20)),
        ([3.0, 5, 6], [1.0, 2, 4], Fraction(2, 20)),
        ([1.0, 2, 3], [4.0, 5, 6], Fraction(1)),
        ([2.0], [1.0], Fraction(1, 2)),
        ([1.0, 1], [1.0, 1], Fraction(1)),
        # Midranks 1, 2.5, 2.5, 4: of the six pairs, 2.5 + 4 twice add up to 6.5.
        ([2.0, 3], [1.0, 2], Fraction(2, 6)),
        # Midranks 1.5, 1.5, 3.5, 3.5: of the six pairs, one adds up to 7.
        ([2.0, 2], [1.0, 1], Fraction(1, 6)),
    ],
)
def test_few_rounds_have_the_p_of_a_count_by_hand(head: list[float], base: list[float], p: Fraction) -> None:
    assert mann_whitney_p(head, base) == pytest.approx(float(p), rel=1e-12)


@pytest.mark.parametrize(("head", "base"), [([], [1.0]), ([1.0], []), ([math.nan], [1.0]), ([1.0], [math.nan] * 300)])
def test_a_mann_whitney_test_refuses_what_it_cannot_rank(head: list[float], base: list[float]) -> None:
    with pytest.raises(ValueError, match=r"Mann-Whitney|nan"):
        mann_whitney_p(head, base)


@pytest.mark.parametrize(("head", "base", "ways"), [(3, 3, 20), (5, 3, 56), (1, 19, 20), (10, 10, 184756)])
def test_a_head_that_is_always_above_base_has_the_least_p(head: int, base: int, ways: int) -> None:
    p = mann_whitney_p([100.0 + number for number in range(head)], [float(number) for number in range(base)])
    assert p == least_mann_whitney_p(head, base) == 1 / ways


@given(TIED, TIED)
def test_the_mann_whitney_test_is_exact_whatever_is_tied(head: list[float], base: list[float]) -> None:
    values = [*head, *base]
    places = range(len(values))
    found = [
        mann_whitney_p([values[place] for place in chosen], [values[place] for place in places if place not in chosen])
        for chosen in combinations(places, len(head))
    ]
    shares = [sum(one <= p * (1 + 1e-9) for one in found) / len(found) for p in found]
    assert found == pytest.approx(shares, rel=1e-9)


@given(TIED, TIED)
def test_with_ties_p_is_that_of_scipys_permutation_test(head: list[float], base: list[float]) -> None:
    head, base = [*head, 2.0], [*base, 2.0]  # scipy wants two values on each side
    ranks = stats.rankdata([*head, *base])
    parts = (ranks[: len(head)], ranks[len(head) :])
    known = stats.permutation_test(
        parts, lambda one, _other, axis: np.sum(one, axis=axis), alternative="greater", n_resamples=10_000
    )
    assert mann_whitney_p(head, base) == pytest.approx(float(known.pvalue), rel=1e-9)


@pytest.mark.parametrize(("head", "base"), [(4, 7), (10, 10), (12, 5), (40, 40)])
def test_without_ties_p_is_scipys_exact_one(head: int, base: int) -> None:
    random = np.random.default_rng(head)
    over, under = random.normal(0.5, size=head).tolist(), random.normal(size=base).tolist()
    known = stats.mannwhitneyu(over, under, alternative="greater", method="exact")
    assert mann_whitney_p(over, under) == pytest.approx(float(known.pvalue), rel=1e-9)


def test_more_rounds_than_are_ranked_exactly_have_nearly_the_exact_p() -> None:
    random = np.random.default_rng(1)
    count = MOST_RANKED // 2 + 1
    over, under = random.normal(0.3, size=count).tolist(), random.normal(size=count).tolist()
    known = stats.mannwhitneyu(over, under, alternative="greater", method="exact")
    assert mann_whitney_p(over, under) == pytest.approx(float(known.pvalue), rel=0.02)
    assert mann_whitney_p([1.0] * count, [1.0] * count) == 1


@given(TIED, TIED)
def test_the_two_sides_of_a_mann_whitney_test_overlap_in_the_ties(head: list[float], base: list[float]) -> None:
    both = mann_whitney_p(head, base) + mann_whitney_p(base, head)
    assert 1 + least_mann_whitney_p(len(head), len(base)) <= both * (1 + 1e-9) <= 2 * (1 + 1e-9)


@given(TIED, TIED, st.floats(1e-3, 1e3))
def test_the_unit_of_ranked_values_does_not_matter(head: list[float], base: list[float], factor: float) -> None:
    scaled = mann_whitney_p([value * factor for value in head], [value * factor for value in base])
    assert scaled == mann_whitney_p(head, base)


@given(TIED, TIED, st.integers(1, 5))
def test_a_higher_head_never_has_a_larger_p(head: list[float], base: list[float], more: int) -> None:
    assert mann_whitney_p([value + more for value in head], base) <= mann_whitney_p(head, base) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.04], [0.04]),
        ([0.4, 0.6], [0.8, 0.8]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
        ([], []),
    ],
)
def test_holms_p_values_are_those_of_the_textbook(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(tuple(adjusted))


@given(PROBABILITIES)
def test_an_adjusted_p_is_that_of_the_worst_family_that_it_may_belong_to(p_values: list[float]) -> None:
    # The closure of Bonferroni's test: another way to define Holm's.
    places = range(len(p_values))
    families = [chosen for size in places for chosen in combinations(places, size + 1)]
    known = [
        max(min(1.0, len(chosen) * min(p_values[other] for other in chosen)) for chosen in families if place in chosen)
        for place in places
    ]
    assert holm(p_values) == pytest.approx(tuple(known), abs=0)


@given(PROBABILITIES)
def test_adjusting_never_lowers_a_p_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert len(adjusted) == len(p_values)
    assert all(p <= higher <= 1 for p, higher in zip(p_values, adjusted, strict=True))
    pairs = list(zip(p_values, adjusted, strict=True))
    assert all(one[1] <= other[1] for one in pairs for other in pairs if one[0] <= other[0])


@given(PROBABILITIES)
def test_the_place_of_a_p_in_the_family_does_not_matter(p_values: list[float]) -> None:
    assert holm(p_values[::-1]) == holm(p_values)[::-1]


def test_detectable_is_what_g_power_and_r_say() -> None:
    # G*Power 3.1, one sample, one tail: effect 0.5, alpha 0.05, 27 values: power 0.8118316.
    assert detectable(1.0, 27, 0.05, power=0.8118316) == pytest.approx(0.5, abs=1e-6)
    # G*Power 3.1, two samples, two tails: effect 0.5, alpha 0.05, 64 on each side: power 0.8014596.
    assert detectable_unpaired(1.0, 64, 64, 0.025, power=0.8014596) == pytest.approx(0.5, abs=1e-5)
    # R's help page: power.t.test(n = 20, delta = 1, sd = 1), power 0.8689528.
    assert detectable_unpaired(1.0, 20, 20, 0.025, power=0.8689528) == pytest.approx(1.0, abs=1e-5)


def test_needed_is_what_g_power_and_r_say() -> None:
    assert needed(1.0, 0.5, 0.05, power=0.8) == 27
    assert [needed_unpaired(1.0, margin, 0.025, power=0.8) for margin in (0.2, 0.5, 0.8)] == [394, 64, 26]
    # R's help page: power.t.test(delta = 1, power = .90): 22.02110; one-sided: 17.84713.
    assert needed_unpaired(1.0, 1.0, 0.025, power=0.9) == 23
    assert needed_unpaired(1.0, 1.0, 0.05, power=0.9) == 18


def _found(mean: float, deviation: float, freedom: int, level: float) -> float:
    """The share of t-tests that find `mean`, integrated over the deviation that is seen: no noncentral t."""
    critical = float(stats.t.isf(level, freedom))
    root = math.sqrt(freedom)

    def share(seen: float) -> float:
        return float(stats.norm.sf(critical * seen - mean / deviation) * stats.chi.pdf(seen * root, freedom) * root)

    return float(integrate.quad(share, 0, np.inf, epsabs=1e-10, limit=200)[0])


@pytest.mark.parametrize("level", [0.05, 0.005, 0.8])
@pytest.mark.parametrize("count", [2, 3, 5, 10, 40])
def test_what_is_detectable_is_found_with_the_power_asked_for(count: int, level: float) -> None:
    mean = detectable(0.03, count, level, power=0.9)
    assert _found(mean, 0.03 / math.sqrt(count), count - 1, level) == pytest.approx(0.9, abs=1e-6)
    apart = detectable_unpaired(0.03, count, count + 2, level, power=0.9)
    error = 0.03 * math.sqrt(1 / count + 1 / (count + 2))
    assert _found(apart, error, 2 * count, level) == pytest.approx(0.9, abs=1e-6)


@given(st.floats(1e-3, 1.0), st.integers(2, 200), LEVELS, POWERS, st.floats(0, 0.1))
def test_a_threshold_adds_to_what_is_detectable(
    deviation: float, count: int, level: float, power: float, threshold: float
) -> None:
    alone = detectable(deviation, count, level, power=power)
    assert detectable(deviation, count, level, threshold, power) == pytest.approx(alone + threshold)
    apart = detectable_unpaired(deviation, count, 3, level, power=power)
    assert detectable_unpaired(deviation, count, 3, level, threshold, power) == pytest.approx(apart + threshold)


@given(st.floats(1e-3, 1.0), st.integers(2, 200), LEVELS, POWERS)
def test_more_differences_detect_less(deviation: float, count: int, level: float, power: float) -> None:
    assert detectable(deviation, count + 1, level, power=power) < detectable(deviation, count, level, power=power)
    assert detectable(2 * deviation, count, level, power=power) == pytest.approx(
        2 * detectable(deviation, count, level, power=power)
    )


def test_too_few_rounds_detect_nothing_at_all() -> None:
    assert detectable(0.03, 0, 0.05) == detectable(0.03, 1, 0.05) == math.inf
    assert detectable_unpaired(0.03, 1, 1, 0.05) == detectable_unpaired(0.03, 0, 9, 0.05) == math.inf
    assert detectable_unpaired(0.03, 9, 0, 0.05) == math.inf
    assert math.isfinite(detectable_unpaired(0.03, 1, 2, 0.05))


def test_without_any_noise_everything_above_the_threshold_is_detectable() -> None:
    assert detectable(0.0, 2, 0.005, 0.01) == 0.01
    assert needed(0.0, 0.01, 0.005) == 2


@pytest.mark.parametrize(("level", "power"), [(0.0, 0.95), (0.95, 0.95), (0.05, 1.0)])
def test_a_power_that_is_not_between_level_and_certainty_is_refused(level: float, power: float) -> None:
    with pytest.raises(ValueError, match="power"):
        detectable(0.03, 10, level, power=power)


@given(st.floats(0.1, 10.0), LEVELS, POWERS)
def test_needed_is_the_fewest_that_reach_the_power(margin: float, level: float, power: float) -> None:
    def reached(count: int) -> float:
        critical = stats.t.isf(level, count - 1)
        return float(stats.nct.sf(critical, count - 1, margin * math.sqrt(count)))

    count = needed(1.0, margin, level, power)
    assert count is not None
    assert reached(count) >= power - 1e-9
    assert count == 2 or reached(count - 1) < power


@given(st.floats(0.1, 10.0), LEVELS, POWERS)
def test_unpaired_needed_is_the_fewest_that_reach_the_power(margin: float, level: float, power: float) -> None:
    def reached(count: int) -> float:
        critical = stats.t.isf(level, 2 * count - 2)
        return float(stats.nct.sf(critical, 2 * count - 2, margin * math.sqrt(count / 2)))

    count = needed_unpaired(1.0, margin, level, power)
    assert count is not None
    assert reached(count) >= power - 1e-9
    assert count == 2 or reached(count - 1) < power


@pytest.mark.parametrize("find", [needed, needed_unpaired])
def test_needed_stays_within_its_bounds(find: Callable[..., int | None]) -> None:
    count = find(1.0, 0.5, 0.05)
    assert count is not None
    assert find(1.0, 0.5, 0.05, least=count + 5) == count + 5
    assert find(1.0, 0.5, 0.05, most=count) == count
    assert find(1.0, 0.5, 0.05, most=count - 1) is None
    assert find(1.0, 0.5, 0.05, least=9, most=8) is None
    assert find(1.0, 1e-6, 0.05) is None
    assert find(1.0, 0.0, 0.05) is None
    assert find(0.0, 0.0, 0.05) is None
    assert find(0.0, -0.5, 0.05) is None
    assert find(1.0, 1e6, 0.005, least=1) == 2


@pytest.mark.parametrize(("trials", "bound"), [(12, 0.2209), (59, 0.0495), (300, 0.00994)])
def test_no_false_alarm_in_so_many_sessions_bounds_their_share(trials: int, bound: float) -> None:
    assert upper_bound(0, trials) == pytest.approx(bound, abs=5e-5)
    assert upper_bound(0, trials) == pytest.approx(1 - 0.05 ** (1 / trials))


def test_the_interval_of_a_share_is_clopper_and_pearsons() -> None:
    # 1 of 10: 0.25 % to 44.5 %, in every table; none of 10: up to 1 - 0.025^(1/10).
    assert proportion_interval(1, 10) == pytest.approx((0.002529, 0.445016), abs=1e-6)
    assert proportion_interval(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert proportion_interval(10, 10) == pytest.approx((0.025**0.1, 1.0))
    assert proportion_interval(5, 10, 0.9) == pytest.approx((0.222441, 0.777559), abs=1e-6)


def test_without_trials_a_share_may_be_anything() -> None:
    assert proportion_interval(0, 0) == (0, 1)
    assert upper_bound(0, 0) == upper_bound(3, 3) == 1


@given(st.integers(1, 60), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_at_its_upper_bound_so_few_successes_are_as_rare_as_they_may_be(
    trials: int, data: st.DataObject, confidence: float
) -> None:
    successes = data.draw(st.integers(0, trials - 1))
    bound = upper_bound(successes, trials, confidence)
    assert stats.binom.cdf(successes, trials, bound) == pytest.approx(1 - confidence, rel=1e-6)
    low, high = proportion_interval(successes, trials, confidence)
    assert low <= successes / trials < bound < high
