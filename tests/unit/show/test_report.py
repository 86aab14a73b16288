from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.judge.comparison import rows
from bench.model import Run
from bench.show.content import content
from bench.show.report import BEGIN, END, embed, link_from, report, short_report
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def run() -> Run:
    planned = plan({"flask-sync": SYNC, "fastapi": FASTAPI}, {"weather": (10, 500)}, max_users={"flask-sync": 100})
    cells = [cell(name, 10, n, throughput_rps=190.0 + n) for name in ("flask-sync", "fastapi") for n in (1, 2, 3)]
    return run_of(planned, tuple(cells), ("this machine has one core",))


def text(run: Run) -> str:
    return report(run, content(run, rows(run.cells, run.config)))


def test_the_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "report.md", text(run))


def test_the_short_report(run: Run, golden: Callable[[Path, str], None]) -> None:
    said = content(run, rows(run.cells, run.config))
    golden(GOLDENS / "short.md", short_report(run, said, "results/reference run") + "\n")


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
