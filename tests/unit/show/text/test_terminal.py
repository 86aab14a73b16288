import re
from dataclasses import replace

import pytest

from bench.show.text.document import (
    Cell,
    Choice,
    Code,
    Column,
    Document,
    Facts,
    Footnotes,
    Link,
    Note,
    Paragraph,
    Picture,
    Points,
    Section,
    Table,
    words_table,
)
from bench.show.text.terminal import PIPED_WIDTH, render

LONG = "a-stack-with-a-name-of-forty-characters!"
LATE = Note("the upstream was late")
NOISY = Note("the machine was noisy")
COLUMNS = (Column("stack"), *(Column(title, "right") for title in ("throughput", "P95 at saturation")), Column("notes"))


def row(stack: str, notes: str = "not saturated", *, struck: bool = False) -> tuple[Cell, ...]:
    p95 = Cell("1.50 s", notes=(LATE,), struck=True) if struck else Cell("100 ms", "(97.0\u2013103)")
    return Cell(stack), Cell("1510/s", "(1370\u20131650)"), p95, Cell(notes, notes=(NOISY,) if struck else ())


def tables(*rows: tuple[Cell, ...]) -> Document:
    """Each row in a table and a section of its own."""
    parts = (
        Section(f"load-{number}", f"{number}0 users", (Table(COLUMNS, (one,)),))
        for number, one in enumerate(rows, start=1)
    )
    return Document(
        "", "", (Section("results", "Results", tuple(parts)), Section("notes", "Footnotes", (Footnotes(),)))
    )


SAMPLE = tables(row("flask", "limited by its 4 worker slots; slots allow 40.0/s"), row("fast", struck=True))


def test_a_wide_terminal_has_value_and_interval_side_by_side() -> None:
    text = render(SAMPLE, width=130)
    assert "flask  1510/s (1370\u20131650)        100 ms (97.0\u2013103)  limited by its 4 worker slots; slots" in text
    assert "fast   1510/s (1370\u20131650)  (1.50 s) unreliable [1]  not saturated [2]" in text
    assert "\n[1] the upstream was late\n[2] the machine was noisy\n" in text


def test_a_narrower_one_has_the_interval_below_and_then_the_last_column_below_the_table() -> None:
    text = render(SAMPLE, width=60)
    assert re.search(
        r"flask +1510/s +100 ms +limited by its 4 worker\n +\(1370\u20131650\) +\(97.0\u2013103\) +slots;", text
    )
    text = render(SAMPLE, width=44)
    assert "\nflask: limited by its 4 worker slots; slots\n       allow 40.0/s\n" in text
    assert "\nfast: not saturated [2]\n" in text
    assert " notes\n" not in text


@pytest.mark.parametrize("width", [44, 60, 80, 120, 160])
def test_nothing_is_cut_off_however_narrow_the_page(width: int) -> None:
    text = render(tables(row(LONG), row("fast", struck=True)), width=width)
    assert "\u2026" not in text
    first = "".join(re.split(r" {2,}", line.strip())[0] for line in text.splitlines())
    assert LONG in first.replace(" ", "")
    assert all(part in text for part in ("1510/s", "(1370\u20131650)", "100 ms", "(97.0\u2013103)", "(1.50 s)"))
    assert max(map(len, text.splitlines())) <= width


def test_a_struck_out_value_cannot_be_taken_for_a_reliable_one_even_where_nothing_is_struck_out() -> None:
    for width in (44, 60, 130):
        text = render(SAMPLE, width=width)
        assert "1.50 s" not in text.replace("(1.50 s)", "")
        assert "unreliable [1]" in text


def test_a_terminal_strikes_out_the_value_and_nothing_else() -> None:
    assert re.findall(r"\x1b\[9m(.*?)\x1b\[0m", render(SAMPLE, width=160, colour=True)) == ["1.50 s"]


def test_columns_are_aligned_over_all_tables_of_one_shape() -> None:
    rules = [line for line in render(SAMPLE).splitlines() if line.startswith("\u2500")]
    assert len(rules) == 2
    assert len(set(rules)) == 1


def test_a_pipe_gets_no_colour_and_a_terminal_does() -> None:
    assert "\x1b" not in render(SAMPLE)
    assert "\x1b[1m" in render(SAMPLE, width=120, colour=True)


@pytest.mark.parametrize(
    "setting", [("FORCE_COLOR", "1"), ("COLUMNS", "40"), ("TTY_COMPATIBLE", "1"), ("NO_COLOR", "1"), ("TERM", "dumb")]
)
def test_no_variable_of_the_environment_changes_what_a_pipe_gets(
    setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = render(SAMPLE)
    monkeypatch.setenv(*setting)
    assert render(SAMPLE) == before


def test_title_and_lead_stay_on_one_line_each_and_nothing_else_is_wider_than_the_page() -> None:
    long = "word " * 40
    text = render(Document(long, long, (Paragraph(long), Section("a", long, (Points((long,)), Code(long))))))
    lines = text.split("\n")
    assert lines[:2] == [long.strip()] * 2
    assert max(map(len, lines[2:])) <= PIPED_WIDTH
    assert text.count("word") == 40 * 6


def test_every_block_has_its_lines_and_what_has_none_has_no_heading() -> None:
    picture = Picture("p", "P", "It is so.", "Not so.", b"", b"")
    document = Document(
        "Title",
        "Lead.",
        (
            Paragraph("See", Link("the report", "x.md")),
            Section("a", "Part", (Points(("one", "two")), Facts((("seed", "7"),)), Code("run"))),
            Section("charts", "Charts", (Section("p", "P", (picture,)),)),
            Section("words", "Words", (words_table(("field", "base"), [("seed", "7")]),)),
        ),
    )
    assert render(document) == (
        "Title\nLead.\n\nSee the report\n\nPart\n- one\n- two\n\nseed: 7\n\n    run\n\n"
        "Words\nfield  base\n\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\nseed   7\n"
    )


def test_names_are_text_and_not_markup() -> None:
    evil = "[bold]x[/]\x1b[31m"
    found = replace(SAMPLE, title=evil, blocks=(*tables(row(evil)).blocks, Paragraph(evil)))
    assert render(found, width=160).count("[bold]x[/]\\x1b[31m") == 3


def wide(loads: int, *names: str) -> Document:
    columns = (Column("stack"), *(Column(f"{number}0 users", "right") for number in range(1, loads + 1)))
    rows = tuple((Cell(name), *(Cell("1510/s", "(1370\u20131650)") for _ in range(loads))) for name in names)
    return Document("", "", (Table(columns, rows, key=0),))


@pytest.mark.parametrize("width", [44, 80, 130])
def test_a_table_of_more_loads_than_the_page_is_wide_is_several_tables_with_the_names_in_each(width: int) -> None:
    text = render(wide(20, "flask-gthread", "fast"), width=width)
    assert max(map(len, text.splitlines())) <= width
    tables = text.split("\n\n")
    assert len(tables) > 1
    assert all(re.findall(r"^(stack|flask-gthread|fast) ", table, re.MULTILINE) == NAMES for table in tables)
    numbers = [re.findall(r"\b(\d+0)\b", table.partition("\u2500")[0]) for table in tables]
    assert [number for own in numbers for number in own] == [f"{number}0" for number in range(1, 21)]
    assert text.count("(1370\u20131650)") == 40


NAMES = ["stack", "flask-gthread", "fast"]


def test_a_table_that_fits_is_one_table() -> None:
    assert render(wide(5, "flask-gthread")).count("stack") == 1


def test_a_choice_has_its_main_sections_and_a_problem_its_rows_below_it() -> None:
    rows = tuple((Cell(name), Cell("1", notes=(Note("late", f"{name}: by 6 ms"),))) for name in ("a", "b"))
    one = Table((Column("stack"), Column("P95", "right")), rows, key=0)
    options = (Section("p95", "P95", (one,)), Section("cpu", "CPU", (one,), detail=True))
    found = Document("", "", (Choice("figure", "Show", options), Footnotes()))
    assert render(found) == (
        f"P95\nstack    P95\n{12 * chr(0x2500)}\n"
        "a      1 [1]\nb      1 [1]\n\n[1] late\n    - a: by 6 ms\n    - b: by 6 ms\n"
    )
