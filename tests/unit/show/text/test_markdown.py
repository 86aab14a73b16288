import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bench.show.text.document import (
    Cell,
    Choice,
    Code,
    Column,
    Contents,
    Document,
    Facts,
    Filter,
    Footnotes,
    Link,
    Note,
    Paragraph,
    Picture,
    Points,
    Section,
    Table,
)
from bench.show.text.markdown import code_block, escaped, render

NOTE = Note("it was *late*")
EVERYTHING = Document(
    "A title",
    "A lead.",
    (
        Contents("Contents"),
        Filter("Show", "stacks"),
        Section(
            "a",
            "Part",
            (
                Paragraph("See:", Link("a b", "x/a b.md")),
                Section("b", "Inner", (Points(("one", "two")), Facts((("seed", "7"),)), Code("run"))),
                Section("empty", "Empty", (Section("emptier", "Emptier", ()),)),
            ),
        ),
        Table(
            (Column("name"), Column("value", "right")),
            ((Cell("x"), Cell("1.5 s", "(1-2)", (NOTE,), struck=True)), (Cell("y"), Cell("2.0 s", "(2-3)"))),
        ),
        Picture("p95", "P95", "It is [so].", "Not so.", b"<svg/>", b"png"),
        Section("notes", "Footnotes", (Footnotes(),)),
    ),
)


def test_every_block_has_its_markdown_and_an_empty_section_none() -> None:
    assert (
        render(EVERYTHING, pictures="x/charts")
        == """# A title

A lead.

## Part

See: [a b](x/a%20b.md)

### Inner

- one
- two

- seed: 7

```
run
```

| name | value |
| --- | ---: |
| x | ~~1.5 s~~ \\[1\\] (1-2) |
| y | 2.0 s (2-3) |

[![It is \\[so\\].](x/charts/p95.png)](x/charts/p95.svg)

Not so.

## Footnotes

- \\[1\\] it was \\*late\\*
"""
    )


def test_headings_start_at_the_level_asked_for_or_are_bold_lines() -> None:
    document = Document("T", "", (Section("a", "A", (Section("b", "B", (Paragraph("x"),)),)),))
    assert render(document, level=2) == "## T\n\n### A\n\n#### B\n\nx\n"
    assert render(document, level=None) == "**T**\n\n**A**\n\n**B**\n\nx\n"


def test_footnotes_without_a_reference_are_left_out() -> None:
    assert render(Document("", "", (Section("notes", "Footnotes", (Footnotes(),)), Paragraph("x")))) == "x\n"


def test_a_folded_section_is_folded_and_a_choice_shows_its_main_sections() -> None:
    options = (Section("x", "X", (Paragraph("one"),)), Section("y", "Y", (Paragraph("two"),), detail=True))
    folded = Section("more", "More & <more>", (Section("inner", "Inner", (Paragraph("three"),)),), folded=True)
    assert render(Document("", "", (Choice("figure", "Show", options), folded)), level=1) == (
        "## X\n\none\n\n<details>\n<summary>More &amp; &lt;more&gt;</summary>\n\n### Inner\n\nthree\n\n</details>\n"
    )


def test_the_rows_of_a_footnote_are_a_list_below_it() -> None:
    cells = (Cell("1", notes=(Note("late", "a"),)), Cell("2", notes=(Note("late", "b"), Note("late", "a"))))
    columns = (Column("x"), Column("y"))
    page = render(Document("", "", (Table(columns, (cells,)), Footnotes())))
    assert page.endswith("| 1 \\[1\\] | 2 \\[1\\] |\n\n- \\[1\\] late\n  - a\n  - b\n")


def test_a_struck_out_value_is_struck_out_for_whoever_renders_it_and_tildes_of_a_name_strike_nothing() -> None:
    cells = (Cell("1.5 s", notes=(NOTE,), struck=True), Cell("~~not struck~~"))
    page = render(Document("", "", (Table((Column("a"), Column("b")), (cells,)),)))
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(page)
    assert re.findall(r"<td.*?>(.*?)</td>", html) == ["<s>1.5 s</s> [1]", "~~not struck~~"]


@pytest.mark.parametrize(
    ("text", "shown"),
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
def test_every_character_stands_for_itself(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text())
def test_whatever_a_name_holds_its_cell_of_a_table_stays_one_cell(text: str) -> None:
    found = escaped(text)
    assert "\n" not in found
    assert "<" not in found
    assert "|" not in found.replace("\\\\", "").replace("\\|", "")


def test_a_block_of_code_cannot_be_closed_from_inside() -> None:
    assert code_block("a ``` b") == "````\na ``` b\n````"
    assert code_block("a") == "```\na\n```"
