"""The time that each folder of tests may take, from the table in CONTRIBUTING.md, beside the time that it took."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"

PHASES = ("in parallel", "one by one", "added by `make test-all`")
"""The columns of the table."""

Seconds = Mapping[tuple[str, str], float]
"""By folder (`tests/unit`) and phase, by the clock: what each of two workers does in a second counts as half of it."""

_ROW = re.compile(r"^\| `(tests/\w+)` \|[^|]*\|" + r" *(?:(\d+) s)? *\|" * len(PHASES) + "$", re.MULTILINE)


def budgets(page: str) -> Seconds:
    """The budgets in the table of the page."""
    return {
        (folder, phase): float(seconds)
        for folder, *row in _ROW.findall(page)
        for phase, seconds in zip(PHASES, row, strict=True)
        if seconds
    }


def phase(marks: Collection[str]) -> str:
    """The phase in which a test with these marks runs."""
    parallel, alone, added = PHASES
    if "slow" in marks:
        return added
    return alone if "live" in marks else parallel


def compared(taken: Seconds, allowed: Seconds) -> Iterator[str]:
    """A line for each folder and phase: what it took, its budget, and whether it took more."""
    for (folder, name), seconds in sorted(taken.items(), key=lambda item: -item[1]):
        budget = allowed.get((folder, name), 0.0)
        beyond = "  over budget" if seconds > budget else ""
        yield f"{folder:<20}{name.replace('`', ''):<24}{seconds:>6.1f} s of {budget:.0f} s{beyond}"


class Tally:
    """A plugin of pytest that prints these lines before the last. It fails nothing: a busy machine takes longer."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.taken: defaultdict[tuple[str, str], float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the setup, the call or the teardown of a test."""
        folder = "/".join(report.nodeid.split("/")[:2])
        self.taken[folder, phase(report.keywords)] += report.duration / self.workers

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them."""
        terminalreporter.section("time of each folder, and its budget in CONTRIBUTING.md")
        for line in compared(self.taken, budgets(CONTRIBUTING.read_text(encoding="utf-8"))):
            terminalreporter.line(line, yellow="over budget" in line)
