import matplotlib as mpl
from hypothesis import given
from hypothesis import strategies as st

from bench.show.charts.style import LONGEST_DRAWN, styled, width_in, wrapped


def test_the_users_settings_are_neither_used_nor_lost() -> None:
    with mpl.rc_context({"font.size": 30.0}):
        with styled():
            assert mpl.rcParams["font.size"] == 8.5
            assert mpl.rcParams["text.parse_math"] is False
        assert mpl.rcParams["font.size"] == 30.0


@given(st.text(alphabet="ab iW-", max_size=60))
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    with styled():
        lines = wrapped(text, 0.6)
        assert all(width_in(line) <= 0.6 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_fit() -> None:
    with styled():
        assert wrapped("one two three", width_in("one two") + 0.01) == ["one two", "three"]
        assert wrapped("", 1.0) == []


def test_a_very_long_text_is_cut() -> None:
    with styled():
        lines = wrapped("x" * 100_000, 5.0)
    assert len("".join(lines)) == LONGEST_DRAWN
    assert lines[-1].endswith("\N{HORIZONTAL ELLIPSIS}")
