"""What all tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.budgets import Tally

# A deadline would fail the tests where the machine is busy, not where the code is slow.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LIVE = pytest.mark.skip(reason="only a quiet machine shows it: run it without -n")
SOON_OVER = ("tests/unit/", "tests/contract/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew instead of comparing with them")
    parser.addoption("--budgets", action="store_true", help="show what each folder of tests took, and may take")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--budgets") and not _works_for_another(config):
        config.pluginmanager.register(Tally())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For several workers: no live tests, and the long files first, lest one worker be left with the last of them."""
    if _works_for_another(config):
        items.sort(key=lambda item: item.nodeid.startswith(SOON_OVER))
        for item in items:
            if item.get_closest_marker("live"):
                item.add_marker(LIVE)


def _works_for_another(config: pytest.Config) -> bool:
    """Whether this is one of the processes that `-n` starts."""
    return hasattr(config, "workerinput")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file, or writes the file where --update was given."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        wanted = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text == wanted, f"{path.name} differs; if that is right: python -m pytest {request.node.nodeid} --update"

    return compare
