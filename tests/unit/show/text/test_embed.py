from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.show.text.embed import BEGIN, END, embed, link_from


def test_the_short_report_takes_the_place_between_the_markers_again_and_again() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n"
    once = embed(page, "new\n", "README.md")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nrest\n"
    assert embed(once, "new\n", "README.md") == once


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
