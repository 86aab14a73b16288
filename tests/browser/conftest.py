"""One browser for all of these tests, the pages to open, and axe-core. What is missing skips the tests that need it.

A test asks for `browser` first: where there is none, no page is drawn for it either.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .chromium import Browser, browsing, lacking
from .runs import hostile_page, many_page, reference_page

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    todo = lacking()
    if todo is not None:
        pytest.skip(todo)
    with browsing() as one:
        yield one


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core: the file that AXE_CORE names, or that npm installed beside this one."""
    path = Path(os.environ.get("AXE_CORE", HERE / "node_modules" / "axe-core" / "axe.min.js"))
    if not path.is_file():
        pytest.skip("no axe-core: npm install --no-package-lock --prefix tests/browser, or AXE_CORE=/path/axe.min.js")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reference_page(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_page(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many_page(tmp_path_factory.mktemp("many"))


@pytest.fixture(
    scope="session", params=["reference", *(pytest.param(name, marks=pytest.mark.slow) for name in ("hostile", "many"))]
)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path
