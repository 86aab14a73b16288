import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Problem
from bench.show.report.content import Content, content
from bench.show.report.terminal import PIPED_WIDTH, render
from bench.show.text.sheet import Passage, Sheet
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of

GOLDENS = Path(__file__).parent / "goldens"
LONG = "a-stack-with-a-name-of-forty-characters!"


@pytest.fixture
def sample() -> Content:
    planned = plan({"flask-sync": SYNC, "fastapi": FASTAPI}, {"weather": (10, 500)}, max_users={"flask-sync": 100})
    late = Problem("upstream late", "the upstream's delays were off by 8.11 ms at P99 (limit 5.00 ms)", ("latency",))
    cells = [
        *(cell("flask-sync", 10, n, throughput_rps=190.0 + n, p95_s=0.06, limit="slots") for n in (1, 2, 3)),
        *(cell("fastapi", 10, n, throughput_rps=470.0 + 5 * n, p95_s=0.0239) for n in (1, 2, 3)),
        *(cell("fastapi", 500, n, throughput_rps=1400.0 + 9 * n, p95_s=1.5, problems=(late,)) for n in (1, 2)),
    ]
    return content(run_of(planned, tuple(cells)), rows(cells, planned), ratios(cells, planned))


def test_the_table_for_a_pipe(sample: Content, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "piped.txt", render(sample))


def test_a_wide_terminal_has_figure_and_interval_side_by_side(
    sample: Content, golden: Callable[[Path, str], None]
) -> None:
    golden(GOLDENS / "wide.txt", render(sample, width=160))


def test_a_pipe_gets_no_colour_and_a_terminal_does(sample: Content) -> None:
    assert "\x1b" not in render(sample)
    assert "\x1b[1m" in render(sample, width=120, colour=True)


@pytest.mark.parametrize(
    "setting", [("FORCE_COLOR", "1"), ("COLUMNS", "40"), ("TTY_COMPATIBLE", "1"), ("NO_COLOR", "1"), ("TERM", "dumb")]
)
def test_no_variable_of_the_environment_changes_what_a_pipe_gets(
    sample: Content, setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = render(sample)
    monkeypatch.setenv(*setting)
    assert render(sample) == before


@pytest.mark.parametrize("width", [60, 80, PIPED_WIDTH, 120, 160])
def test_nothing_is_cut_off_however_narrow_the_page(sample: Content, width: int) -> None:
    group = sample.groups[0]
    named = replace(sample, groups=(replace(group, lines=(replace(group.lines[0], stack=LONG), *group.lines[1:])),))
    text = render(named, width=width)
    assert "\u2026" not in text
    first = "".join(line[: line.find("  ") if "  " in line.strip() else None].strip() for line in text.splitlines())
    assert LONG in first.replace(" ", "")
    if width >= 80:
        assert all(part in text for shown in group.lines[0].figures for part in (shown.value, shown.around))
    if width >= PIPED_WIDTH:
        assert max(map(len, text.splitlines())) <= width


def test_a_void_figure_cannot_be_taken_for_a_sound_one_even_where_nothing_is_struck_out(sample: Content) -> None:
    assert "(1.50 s) void [1]" in render(sample, width=160)
    assert "1.50 s" not in render(sample, width=160).replace("(1.50 s) void [1]", "")
    narrow = render(sample, width=80)
    assert "(1.50 s)" in narrow
    assert "void [1]" in narrow


def test_a_terminal_strikes_out_the_void_figure_and_nothing_else(sample: Content) -> None:
    found = re.findall(r"\x1b\[9m(.*?)\x1b\[0m", render(sample, width=160, colour=True))
    assert found == ["1.50 s"]


def test_ratios_and_reproduction_stand_below_the_tables_without_their_own(sample: Content) -> None:
    sheet = Sheet("against it", ("stack",), (("only in report.md",),))
    told = replace(
        sample,
        ratios=Passage("Ratios", points=("a / b: more",), notes=("how to read",), sheets=(sheet,)),
        reproduction=Passage("Does it reproduce?", opening="1 yes"),
    )
    text = render(told)
    assert "\nRatios\n- a / b: more\n\nhow to read\n\nDoes it reproduce?\n1 yes\n" in text
    assert "only in report.md" not in text
    assert "Why it stops there" not in text


def test_columns_stand_in_line_over_all_tables(sample: Content) -> None:
    rules = [line for line in render(sample).splitlines() if line.strip().startswith("\u2500")]
    assert len(rules) == 2
    assert len(set(rules)) == 1


def test_names_are_text_and_not_markup() -> None:
    planned = plan({"[bold]x[/]\x1b[31m": Shape(1)}, {"weather": (10,)}, rounds=1)
    cells = [cell("[bold]x[/]\x1b[31m")]
    text = render(content(run_of(planned, tuple(cells)), rows(cells, planned), ratios(cells, planned)), width=160)
    assert "[bold]x[/]\\x1b[31m" in text
