"""Where the commands of a page are run: a checkout of its own, with the files that the page shows written into it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.record.store import save_selftest
from tests.e2e.conftest import FILES, PARTS, fit
from tests.e2e.harness import Harness

from .markdown import ROOT, blocks

Workshop = Callable[[str], Harness]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The checkout of each page, made at its first use."""
    made: dict[str, Harness] = {}

    def of(page: str) -> Harness:
        if page not in made:
            made[page] = Harness(_checkout(page, tmp_path_factory.mktemp("workshop") / "checkout"))
        return made[page]

    yield of
    for one in made.values():
        one.clean_up()


def _checkout(page: str, folder: Path) -> Path:
    """The folder, with a copy of what commands need and the files of the page; its tables go on in bench.toml."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=_NO_CACHE)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    save_selftest(folder / "results" / "selftest.json", fit())
    for examples in ("examples", "docs/examples"):
        shutil.copytree(ROOT / examples, folder / examples, ignore=_NO_CACHE)
    for block in blocks(page):
        if block.file is None:
            continue
        path = (folder / block.file).resolve()
        assert path.is_relative_to(folder.resolve().parent), f"{block.file} lies outside"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if block.file == "bench.toml" else "w", encoding="utf-8") as file:
            file.write(f"\n{block.text}")
    return folder


_NO_CACHE = shutil.ignore_patterns("__pycache__")
