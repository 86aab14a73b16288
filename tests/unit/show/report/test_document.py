import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bench.judge.stacks.ratios import ratios, reproduced
from bench.judge.stacks.rows import rows
from bench.judge.stats.intervals import estimate
from bench.model.cell import Limit, Problem
from bench.model.config import Closed, Open
from bench.model.run import Run, Selftest
from bench.show.report.document import MOST_PRINTED, SHORT_CHARTS, printed, report, short
from bench.show.report.reproduction import Reproduction
from bench.show.text import markdown, terminal
from bench.show.text.document import Document, Paragraph, Picture, Section, within
from bench.show.text.footnotes import numbered
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, changed, plan, run_of

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
STACKS: tuple[tuple[str, float, Limit], ...] = (("flask-sync", 0.002, "slots"), ("fastapi", 0.001, "nothing"))


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


def whole(run: Run, pictures: tuple[Picture, ...] = PICTURES, reproduction: Reproduction | None = None) -> Document:
    found, compared = rows(run.cells, run.config), ratios(run.cells, run.config)
    return report(run, found, compared, reproduced=reproduction, pictures=pictures)


def text(run: Run) -> str:
    return markdown.render(whole(run))


def briefly(run: Run, link: str = "results/x") -> str:
    return markdown.render(short(whole(run), run, link), level=2, pictures=f"{link}/charts")


def held(run: Run) -> Reproduction:
    found, before = ratios(run.cells, run.config), estimate((0.35, 0.36, 0.37))
    assert before is not None
    other = tuple(replace(one, estimate=before) for one in found if one.metric == "cpu")
    return Reproduction("20251231-000000", reproduced(found, other))


def test_the_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "report.md", text(run))


def test_a_report_with_all_that_may_be_known(run: Run, golden: Callable[[Path, str], None]) -> None:
    found = whole(replace(run, selftest=TESTED), reproduction=held(run))
    golden(GOLDENS / "whole.md", markdown.render(found))


def test_the_short_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "short.md", briefly(run, "results/reference run"))


def test_the_printed_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "piped.txt", terminal.render(printed(whole(run))))


def test_the_printed_report_on_a_wide_terminal(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "wide.txt", terminal.render(printed(whole(run)), width=160))


def test_every_name_of_a_section_is_there_once(run: Run) -> None:
    found = whole(replace(run, selftest=TESTED), reproduction=held(run))
    names = [block.name for block in within(found.blocks) if isinstance(block, Section)]
    assert len(names) == len(set(names))


def test_the_variants_leave_out_details_and_say_the_rest_as_the_whole_does(run: Run) -> None:
    found = whole(run, reproduction=held(run))
    for brief in (printed(found), short(found, run, "results/x")):
        titles = [block.title for block in within(brief.blocks) if isinstance(block, Section)]
        assert "Does it reproduce the reference run?" in titles
        assert not any("against flask-sync" in title for title in titles)
        assert not {"What limits each stack", "How it was made", "knee against load"} & set(titles)
        assert list(numbered(brief).values()) == list(numbered(found).values())
    answers = [
        next(block for block in one.blocks if isinstance(block, Section)) for one in (found, short(found, run, "x"))
    ]
    assert answers[0] == answers[1]


def test_every_problem_is_marked_and_explained_in_the_whole_and_in_each_variant(run: Run) -> None:
    grows, replaced = Problem("memory grows", "10 kB", ("memory",)), Problem("workers replaced", "twice")
    cells = [
        changed(one, problems=(grows, replaced)) if one.stack == "fastapi" and one.load == Closed(users=10) else one
        for one in run.cells
    ]
    found = whole(replace(run, cells=tuple(cells)), pictures=())
    pages = (
        markdown.render(found),
        markdown.render(short(found, run, "x")),
        terminal.render(printed(found)).replace("[", "\\[").replace("]", "\\]"),
    )
    for page in pages:
        tables, _, footnotes = page.partition("Footnotes\n")
        explained = re.findall(r"^(?:- )?\\\[(\d)\\\] ([a-z ]+):", footnotes, re.MULTILINE)
        assert {name for _, name in explained} == {"memory grows", "workers replaced", "upstream late"}
        assert {number for number, _ in explained} == set(re.findall(r"\\\[(\d)\\\]", tables))


def test_a_note_that_only_ratios_refer_to_has_its_footnote(run: Run) -> None:
    cells = tuple(changed(one, problems=(), connections=float(one.stack == "fastapi")) for one in run.cells)
    page = text(replace(run, cells=cells))
    assert "## Footnotes\n\n- \\[1\\] a new connection for each request" in page
    assert "Footnotes" not in text(replace(run, cells=tuple(changed(one, problems=()) for one in run.cells)))


def test_the_printed_report_ends_with_the_answer(run: Run) -> None:
    last = printed(whole(run)).blocks[-1]
    assert isinstance(last, Section)
    assert last.name == "answer"


def test_the_short_report_shows_the_charts_of_the_headline_and_links_to_the_whole(run: Run) -> None:
    found = briefly(run)
    assert re.findall(r"results/x/charts/([a-z0-9]+)\.png", found) == list(SHORT_CHARTS)
    assert found.endswith("Raw samples and full report: [results/x](results/x/report.md)\n")


def test_a_run_without_a_picture_has_no_charts(run: Run) -> None:
    assert "Charts" not in markdown.render(whole(run, pictures=()))


def test_a_run_without_a_cell_has_an_answer_and_no_empty_section(run: Run) -> None:
    bare = whole(replace(run, cells=(), notes=()), pictures=())
    titles = [block.title for block in bare.blocks if isinstance(block, Section)]
    assert titles == [
        "The answer",
        "What this run cannot tell",
        "Machine and versions",
        "How to read the tables",
        "Remarks",
        "Stacks",
        "How it was made",
    ]
    assert "Nothing was measured." in markdown.render(bare)


def test_an_upstream_that_was_accurate_at_no_rate_is_not_said_to_be_off_by_nothing(run: Run) -> None:
    nothing = replace(TESTED, upstream_rps=0.0, upstream_delay_error_s=0.0)
    assert "- upstream alone: delays inaccurate at every rate tried" in text(replace(run, selftest=nothing))


def test_every_picture_has_its_finding_as_text_alternative_and_its_caution_below(run: Run) -> None:
    page = MarkdownIt("commonmark").render(text(run))
    for one in PICTURES:
        image = f'<a href="charts/{one.name}.svg"><img src="charts/{one.name}.png" alt="{one.finding}" /></a>'
        assert f"<h3>{one.title}</h3>\n<p>{image}</p>\n<p>{one.caution}</p>" in page


def test_a_title_from_a_file_cannot_break_the_page() -> None:
    evil = "a|b`c`<script>\n# not a heading"
    planned = plan({evil: Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1, titles={evil: evil, "weather": evil})
    found = text(run_of(planned, (cell(evil),)))
    assert "<script>" not in found
    assert "\n# not" not in found
    rows_of_stacks = [line for line in found.splitlines() if line.startswith("| a")]
    assert [line.replace("\\|", "").count("|") for line in rows_of_stacks] == [8, 8, 6]


def test_a_checkout_without_git_and_one_with_changes_say_so(run: Run) -> None:
    assert "- commit: not known" in text(replace(run, commit=None, dirty=None))
    assert f"{run.commit} with uncommitted changes" in text(replace(run, dirty=True))


def test_nothing_pinned_is_said(run: Run) -> None:
    assert "2 cores (not pinned)" in text(replace(run, server_cpus=(), load_cpus=()))


def test_the_command_is_what_a_shell_takes(run: Run) -> None:
    assert "```\npython -m bench run --set 'a.env.B=c d'\n```" in text(
        replace(run, argv=("run", "--set", "a.env.B=c d"))
    )


def test_tables_of_very_many_rows_are_not_printed(run: Run) -> None:
    found = printed(whole(run), MOST_PRINTED + 1)
    assert found.blocks[0] == Paragraph("The tables have 501 rows, too many to print: see report.html or report.md.")
    assert [block.name for block in found.blocks if isinstance(block, Section)] == ["limits", "answer"]
