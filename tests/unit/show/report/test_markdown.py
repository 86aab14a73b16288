import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bench.errors import BenchError
from bench.judge.stacks.ratios import ratios, reproduced
from bench.judge.stacks.rows import rows
from bench.judge.stats.intervals import estimate
from bench.model.cell import Limit, Problem
from bench.model.config import Open
from bench.model.run import Run, Selftest
from bench.show.charts.gallery import Picture
from bench.show.report.content import content
from bench.show.report.markdown import BEGIN, END, embed, link_from, report, short_report
from bench.show.report.reproduction import Reproduction
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of

GOLDENS = Path(__file__).parent / "goldens"


LATE = Problem("upstream late", "the upstream's delays were off by 8.11 ms at P99 (limit 5.00 ms)", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
PICTURES = tuple(
    Picture(name, f"{name} against load", f"The {name} of a|b is [so].", f"Not as {name} is read.", b"<svg/>", b"png")
    for name in ("throughput", "p95", "knee", "memory")
)
TESTED = Selftest(
    taken="2026-01-02T03:00:00+00:00",
    cpu_sets=((0,), (1,)),
    generator_rps=4500.0,
    open_rps=3000.0,
    open_send_delay_s=0.0028,
    users=1000,
    upstream_rps=4000.0,
    upstream_delay_error_s=0.0012,
    timer_s=0.0003,
    sampler_s=0.002,
    descriptors=1024,
    steal=0.004,
    busy=0.02,
    problems=("the timers are late",),
)


@pytest.fixture
def run() -> Run:
    planned = plan(
        {"flask-sync": SYNC, "fastapi": FASTAPI},
        {"weather": (10, 500)},
        rates={"weather": (100.0,)},
        max_users={"flask-sync": 100},
    )
    cells = [
        *(
            cell(name, 10, n, throughput_rps=190.0 + n, cpu_s=cpu_s + n / 1e6, limit=bound)
            for name, cpu_s, bound in STACKS
            for n in (1, 2, 3)
        ),
        *(cell(name, load=RATE, number=n, cpu_s=cpu_s + n / 1e6) for name, cpu_s, _ in STACKS for n in (1, 2, 3)),
        *(cell("fastapi", 500, n, p95_s=1.5, problems=(LATE,)) for n in (1, 2, 3)),
    ]
    return run_of(planned, tuple(cells), ("this machine has one core",))


STACKS: tuple[tuple[str, float, Limit], ...] = (("flask-sync", 0.002, "slots"), ("fastapi", 0.001, "nothing"))


def text(run: Run) -> str:
    return report(run, content(run, rows(run.cells, run.config), ratios(run.cells, run.config)), PICTURES)


def test_the_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "report.md", text(run))


def test_the_short_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    said = content(run, rows(run.cells, run.config), ratios(run.cells, run.config))
    golden(GOLDENS / "short.md", short_report(run, said, PICTURES, "results/reference run") + "\n")


def test_a_report_with_all_that_may_be_known(run: Run, golden: Callable[[Path, str], None]) -> None:
    found = ratios(run.cells, run.config)
    before = estimate((0.35, 0.36, 0.37))
    assert before is not None
    other = tuple(replace(one, estimate=before) for one in found if one.metric == "cpu")
    said = content(
        run,
        rows(run.cells, run.config),
        ratios(run.cells, run.config),
        Reproduction("20251231-000000", reproduced(found, other)),
    )
    golden(GOLDENS / "whole.md", report(replace(run, selftest=TESTED), said, PICTURES))
    short = short_report(run, said, PICTURES, "results/x")
    assert "### Does it reproduce the reference run?" in short
    for long in ("Why it stops there", "against flask-sync |", "selftest"):
        assert long not in short


def test_an_upstream_that_kept_its_delays_at_no_rate_is_not_said_to_be_off_by_nothing(run: Run) -> None:
    nothing = replace(TESTED, upstream_rps=0.0, upstream_delay_error_s=0.0)
    assert "- upstream alone, true delays at no rate that was tried" in text(replace(run, selftest=nothing))


def test_every_picture_stands_there_with_its_finding_as_text_alternative_and_how_it_is_misread(run: Run) -> None:
    page = MarkdownIt("commonmark").render(text(run))
    for one in PICTURES:
        image = f'<a href="charts/{one.name}.svg"><img src="charts/{one.name}.png" alt="{one.finding}" /></a>'
        assert f"<p>{image}</p>\n<p>{one.caution}</p>" in page


def test_a_run_without_a_picture_has_no_part_for_them(run: Run) -> None:
    said = content(run, rows(run.cells, run.config), ratios(run.cells, run.config))
    assert "## Charts" not in report(run, said, ())
    assert "![" not in short_report(run, said, (), "results/x")


def test_the_short_report_shows_three_charts(run: Run) -> None:
    said = content(run, rows(run.cells, run.config), ratios(run.cells, run.config))
    short = short_report(run, said, PICTURES, "results/x")
    assert re.findall(r"results/x/charts/([a-z0-9]+)\.png", short) == ["throughput", "p95", "memory"]


def test_a_void_figure_is_struck_out_for_whoever_renders_the_page(run: Run) -> None:
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text(run))
    assert re.findall(r"<s>.*?</td>", page) == ["<s>1.50 s</s> [1]</td>"]


def test_tildes_of_a_name_strike_nothing_out(run: Run) -> None:
    named = replace(run, notes=("~~not struck~~",))
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text(named))
    assert "~~not struck~~" in page


def test_a_title_from_a_file_cannot_break_the_page() -> None:
    evil = "a|b`c`<script>\n# not a heading"
    planned = plan({evil: Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1, titles={evil: evil, "weather": evil})
    found = text(run_of(planned, (cell(evil),)))
    assert "<script>" not in found
    assert "\n# not" not in found
    rows_of_stacks = [line for line in found.splitlines() if line.startswith("| a")]
    assert [line.replace("\\|", "").count("|") for line in rows_of_stacks] == [8, 6]


def test_a_checkout_without_git_and_one_with_changes_say_so(run: Run) -> None:
    assert "- commit: not known" in text(replace(run, commit=None, dirty=None))
    assert f"{run.commit} with uncommitted changes" in text(replace(run, dirty=True))


def test_nothing_pinned_is_said(run: Run) -> None:
    assert "2 cores (not pinned)" in text(replace(run, server_cpus=(), load_cpus=()))


def test_the_short_report_takes_the_place_between_the_markers_again_and_again() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n"
    once = embed(page, "new", "README.md")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nrest\n"
    assert embed(once, "new", "README.md") == once


@pytest.mark.parametrize(
    "page",
    ["", BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}", f"{BEGIN}\n{END}\n{END}", f"`{BEGIN}` {END}"],
)
def test_a_page_without_one_pair_of_markers_is_refused(page: str) -> None:
    with pytest.raises(BenchError, match=r"README\.md needs one line"):
        embed(page, "new", "README.md")


def test_links_lead_from_the_file_to_the_run(tmp_path: Path) -> None:
    assert link_from(tmp_path / "README.md", tmp_path / "results" / "x") == "results/x"
    assert link_from(tmp_path / "docs" / "a.md", tmp_path / "results" / "x") == "../results/x"
