"""The seconds that each folder of tests may take, from the table in CONTRIBUTING.md, beside those that it took."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

CONTRIBUTING = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"

PHASES = ("in parallel", "one by one", "added by make test-all")
"""The columns of the table: what `make test` runs on all workers, then alone, and what only `make test-all` runs."""

Budgets = Mapping[tuple[str, str], float]
"""Seconds by folder (`tests/unit`) and phase, summed over the tests: two workers need half as long."""

_ROW = re.compile(r"^\| `(tests/\w+)` \|[^|]*\|" + r" *(?:(\d+) s)? *\|" * len(PHASES) + "$", re.MULTILINE)


def budgets(page: str) -> Budgets:
    """The budgets in the table of the page."""
    return {
        (folder, phase): float(seconds)
        for folder, *row in _ROW.findall(page)
        for phase, seconds in zip(PHASES, row, strict=True)
        if seconds
    }


def phase(marks: Collection[str]) -> str:
    """The phase in which a test with these marks runs."""
    if "slow" in marks:
        return PHASES[2]
    return PHASES[1] if "live" in marks else PHASES[0]


def told(taken: Budgets, allowed: Budgets) -> Iterator[str]:
    """A line for each folder and phase, the budget beside what was taken of it."""
    for (folder, name), seconds in sorted(taken.items(), key=lambda item: -item[1]):
        budget = allowed.get((folder, name), 0.0)
        beyond = "  over budget" if seconds > budget else ""
        yield f"{folder:<20}{name:<24}{seconds:>6.0f} s of {budget:.0f} s{beyond}"


class Tally:
    """A plugin of pytest that adds up what the tests of each folder took, and tells it before the last line.

    It fails nothing: on a machine that others use too, seconds say as much about them as about the tests.
    """

    def __init__(self) -> None:
        self.taken: defaultdict[tuple[str, str], float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the set-up, the call or the tear-down of a test."""
        folder = "/".join(report.nodeid.split("/")[:2])
        self.taken[folder, phase(report.keywords)] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        terminalreporter.section("seconds of the tests by folder, and their budgets")
        for line in told(self.taken, budgets(CONTRIBUTING.read_text(encoding="utf-8"))):
            terminalreporter.line(line, yellow="over budget" in line)
