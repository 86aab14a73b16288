import pytest

from bench import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12300"), (0.01234, "0.0123"), (9.999, "10.0"), (0.0, "0"), (845.2, "845"), (-1.5, "-1.50")],
)
def test_three_digits_are_significant(value: float, text: str) -> None:
    assert units.significant(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (2.5, "2.50 s"),
        (1.0, "1.00 s"),
        (0.99949, "999 ms"),
        (0.9996, "1.00 s"),
        (0.115, "115 ms"),
        (0.0009996, "1.00 ms"),
        (0.00042, "420 us"),
    ],
)
def test_a_duration_has_the_unit_that_suits_its_size(value: float | None, text: str) -> None:
    assert units.seconds(value) == text


def test_each_figure_has_its_unit_and_a_missing_one_is_a_dash() -> None:
    assert units.rate(845.4) == "845/s"
    assert units.megabytes(54_100_000) == "54.1 MB"
    assert units.percent(0.011) == "1.10 %"
    assert units.rate(None) == units.megabytes(None) == units.percent(None) == "-"


def test_an_interval_is_on_the_scale_of_its_figure() -> None:
    assert units.interval(845.0, 830.2, 861.4, "requests/s") == ("845/s", "(830\u2013861)")
    assert units.interval(0.98, 0.9, 1.1, "s") == ("980 ms", "(900\u20131100)")
    assert units.interval(54.1e6, 53.9e6, 54.3e6, "bytes") == ("54.1 MB", "(53.9\u201354.3)")


def test_a_figure_of_a_single_round_has_no_brackets() -> None:
    assert units.interval(845.0, None, None, "requests/s") == ("845/s", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.05, "0.05"),
        (2.0, "2"),
        (2.5, "2.5"),
        (1000.0, "1000"),
        (20000.0, "20\u202f000"),
        (1e-5, "0.00001"),
    ],
)
def test_a_tick_has_no_needless_digit_and_no_exponent(value: float, text: str) -> None:
    assert units.tick(value) == text


def test_one_user_is_not_plural() -> None:
    assert (units.users(1), units.users(10)) == ("1 user", "10 users")
    assert units.count(12345) == "12\u202f345"


def test_a_clock_counts_minutes_and_seconds() -> None:
    assert units.clock(754.6) == "12:35"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5512, "0.55\u00d7"),
        (1.004, "1.00\u00d7"),
        (9.994, "9.99\u00d7"),
        (9.996, "10.0\u00d7"),
        (123.4, "123\u00d7"),
        (0.0961, "0.10\u00d7"),
        (0.0512, "0.051\u00d7"),
    ],
)
def test_a_ratio_is_told_to_the_hundredth_where_that_matters(value: float, text: str) -> None:
    assert units.ratio(value, None, None) == text


def test_a_ratio_has_its_interval_in_brackets() -> None:
    assert units.ratio(0.55, 0.488, 12.34) == "0.55\u00d7 (0.49\u201312.3)"


@pytest.mark.parametrize(("fraction", "text"), [(0.01, "1 %"), (0.03, "3 %"), (0.2, "20 %"), (0.005, "0.5 %")])
def test_a_threshold_has_no_needless_digit(fraction: float, text: str) -> None:
    assert units.threshold(fraction) == text


def test_a_share_is_written_as_per_cent() -> None:
    assert units.figure(0.0, "1") == "0 %"
    assert units.figure(0.0032, "1") == "0.320 %"
    assert units.threshold_points(0.001) == "0.1 points"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.102, 0.091, 0.114), ("+10.2 %", "+9.1 to +11.4")),
        ((-0.004, -0.0071, -0.0009), ("-0.40 %", "-0.71 to -0.09")),
        ((0.0, 0.0, 0.0), ("0.00 %", "0.00 to 0.00")),
        ((-0.0001, -0.02, 0.02), ("0.0 %", "-2.0 to +2.0")),
        ((12.0, 11.5, 12.5), ("+1200 %", "+1150 to +1250")),
        ((0.031, None, None), ("+3.1 %", "")),
    ],
)
def test_a_change_has_its_sign_and_as_many_digits_as_it_is_sure_of(
    values: tuple[float, float | None, float | None], text: tuple[str, str]
) -> None:
    assert units.change(*values) == text
    assert units.points(*values) == (text[0].replace("%", "points"), text[1])


@pytest.mark.parametrize(("p", "text"), [(1.0, "1.000"), (0.0098, "0.010"), (0.0005, "0.001"), (0.0004, "<.001")])
def test_a_p_has_three_decimals(p: float, text: str) -> None:
    assert units.probability(p) == text


@pytest.mark.parametrize(
    ("text", "fraction"),
    [("10%", 0.1), ("10 %", 0.1), ("10", 0.1), (" 2.5% ", 0.025), ("0", 0.0), ("0.1", 0.001), ("1000%", 10.0)],
)
def test_a_percentage_is_read_with_or_without_its_sign(text: str, fraction: float) -> None:
    assert units.fraction(text) == fraction


@pytest.mark.parametrize("text", ["", "%", "-1%", "nan", "inf", "1e3", "1_0", "10%%", "1001", "ten", "1,5%", "\u0661"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a percentage from 0 to 1000"):
        units.fraction(text)


@pytest.mark.parametrize(
    ("value", "text"), [(337_988.4, "338 k"), (999_400.0, "999 k"), (999_900.0, "1.00 M"), (42_452_646.0, "42.5 M")]
)
def test_instructions_are_counted_in_thousands_and_millions(value: float, text: str) -> None:
    assert units.figure(value, "instructions") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.02314, "+2.31 %"), (-0.0004, "-0.04 %"), (0.00004, "0.00 %"), (-0.00004, "0.00 %")]
)
def test_a_change_is_told_to_the_hundredth_of_a_per_cent(value: float, text: str) -> None:
    assert units.signed_percent(value) == text
