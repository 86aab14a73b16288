"""Every file and folder of this repository that a page names is there."""

import re

import pytest

from .markdown import PAGES, ROOT, inline_code

FOLDERS = tuple(
    f"{folder.name}/" for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in {"results", ".venv"}
)
"""What a path in the text of a page begins with. Runs in results/ are made by commands."""

_PATH = re.compile(r"[\w./-]+")


def named(page: str) -> list[tuple[int, str]]:
    """The paths that the page names as code, each with its line."""
    return [(line, code) for line, code in inline_code(page) if code.startswith(FOLDERS) and _PATH.fullmatch(code)]


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_a_page_names_is_there(page: str) -> None:
    assert [f"{page}:{line} {path}" for line, path in named(page) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "folder", ["bench/plan/", "bench/run/", "loadtests/", "bench/judge/", "bench/record/", "bench/show/"]
)
def test_the_way_of_a_cell_names_a_file_of_every_stage(folder: str) -> None:
    assert any(path.startswith(folder) and path.endswith(".py") for _, path in named("CONTRIBUTING.md"))
