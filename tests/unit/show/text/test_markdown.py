import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.show.text.markdown import code_block, markdown, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\t c ", "a b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\u00e9 \u6771", "caf\u00e9 \u6771"),
        ("\u202eabc", "\\u202eabc"),
    ],
)
def test_a_name_cannot_command_the_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a\\|b"),
        ("`x`", "\\`x\\`"),
        ("<script>&", "&lt;script&gt;&amp;"),
        ("_a_ *b* $x$", "\\_a\\_ \\*b\\* \\$x\\$"),
        ("[a](b)", "\\[a\\](b)"),
        ("two\nlines", "two lines"),
        ("back\\slash", "back\\\\slash"),
    ],
)
def test_markdown_stands_for_itself(text: str, escaped: str) -> None:
    assert markdown(text) == escaped


@given(st.text())
def test_whatever_a_name_holds_its_cell_of_a_table_stays_one_cell(text: str) -> None:
    escaped = markdown(text)
    assert "\n" not in escaped
    assert "<" not in escaped
    assert "|" not in escaped.replace("\\\\", "").replace("\\|", "")


def test_a_block_of_code_cannot_be_closed_from_inside() -> None:
    assert code_block("a ``` b") == "````\na ``` b\n````"
    assert code_block("a") == "```\na\n```"
