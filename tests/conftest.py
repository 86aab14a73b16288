"""What all tests share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer

from bench.run.host import ports
from bench.run.host.owner import TOGETHER
from tests.budgets import Tally
from tests.workers import ByFile, own_ports, workers

# A deadline would fail the tests where the machine is busy, not where the code is slow.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Tests measure in parallel, and on purpose: they share the locks of the cores, which no other run may take meanwhile.
os.environ[TOGETHER] = "tests"

LIVE = pytest.mark.skip(reason="only a quiet machine shows it: run it without -n")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew instead of comparing with them")
    parser.addoption("--budgets", action="store_true", help="print the time of each folder, and its budget")


def pytest_configure(config: pytest.Config) -> None:
    if _works_for_another(config):
        ports._SERVED = own_ports()
    elif config.getoption("--budgets"):
        config.pluginmanager.register(Tally(config.getoption("numprocesses") or 1))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For several workers: no live tests, and what takes long first, lest one worker be left with the last of it."""
    for item in items:
        if _only_live(item) and not item.nodeid.startswith("tests/e2e/"):
            raise pytest.UsageError(f"{item.nodeid}: move it to tests/e2e, where `make test` looks for live tests")
    if _works_for_another(config):
        items.sort(key=lambda item: item.nodeid.startswith("tests/unit/"))
        for item in items:
            if item.get_closest_marker("live"):
                item.add_marker(LIVE)


def _only_live(item: pytest.Item) -> bool:
    """Whether it is live, and neither slow nor run by hand."""
    return item.get_closest_marker("live") is not None and not any(map(item.get_closest_marker, ("slow", "by_hand")))


def _works_for_another(config: pytest.Config) -> bool:
    """Whether this is one of the processes that `-n` starts."""
    return hasattr(config, "workerinput")


def pytest_xdist_auto_num_workers() -> int:
    return workers(os.cpu_count() or 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


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
