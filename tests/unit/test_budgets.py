"""The time budgets of the folders of tests."""

import pytest

from tests.budgets import CONTRIBUTING, PHASES, ROOT, budgets, compared, phase

PARALLEL, ALONE, ADDED = PHASES
TABLE = """
| folder | tests | in parallel | one by one | added by `make test-all` |
|---|---|---|---|---|
| `tests/unit` | one module each | 80 s | | 20 s |
| `tests/e2e` | the command line | | 120 s | |
"""
BUDGETS = {("tests/unit", PARALLEL): 80.0, ("tests/unit", ADDED): 20.0, ("tests/e2e", ALONE): 120.0}


def test_every_folder_of_tests_has_a_budget_and_no_other() -> None:
    folders = {f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in (ROOT / "tests").rglob("test_*.py")}
    assert {folder for folder, _ in budgets(CONTRIBUTING.read_text(encoding="utf-8"))} == folders


def test_all_budgets_together_are_at_most_five_minutes_and_with_the_slow_tests_twenty() -> None:
    sums = dict.fromkeys(PHASES, 0.0)
    for (_, name), seconds in budgets(CONTRIBUTING.read_text(encoding="utf-8")).items():
        sums[name] += seconds
    assert sums[PARALLEL] + sums[ALONE] <= 300
    assert sum(sums.values()) <= 1200


def test_a_cell_of_the_table_is_the_budget_of_a_folder_in_a_phase() -> None:
    assert budgets(TABLE) == BUDGETS


@pytest.mark.parametrize(
    ("marks", "name"), [(set(), PARALLEL), ({"live"}, ALONE), ({"slow"}, ADDED), ({"slow", "live"}, ADDED)]
)
def test_marks_decide_on_the_phase(marks: set[str], name: str) -> None:
    assert phase(marks) == name


def test_the_folder_that_took_most_comes_first_and_more_than_its_budget_is_marked() -> None:
    taken = {("tests/unit", PARALLEL): 80.0, ("tests/e2e", ALONE): 120.04, ("tests/new", PARALLEL): 1.0}
    assert list(compared(taken, BUDGETS)) == [
        "tests/e2e           one by one               120.0 s of 120 s  over budget",
        "tests/unit          in parallel               80.0 s of 80 s",
        "tests/new           in parallel                1.0 s of 0 s  over budget",
    ]
