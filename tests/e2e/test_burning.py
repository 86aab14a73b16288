"""CPU wherever a service uses it, workers that are replaced, and memory that grows: each with a truth that is known."""

import pytest

from bench.model.cell import Cell

from .apps.burning import BUDGET_S, CHILD_S
from .known import Known, known, problems_of, voided

burning = known("burning", "--profile", "burning")
recycled = known("recycled", "--profile", "recycled")
leaking = known("leaking", "--profile", "leaking")


def cpu_s(cell: Cell) -> float:
    """CPU seconds for each request."""
    cpu = cell.measurement.cpu
    assert cpu is not None
    assert cpu.server_s_per_request is not None
    return cpu.server_s_per_request


@pytest.mark.parametrize("where", ["worker", "thread", "child"])
def test_cpu_is_told_within_5_per_cent_wherever_it_was_used(burning: Known, where: str) -> None:
    truth_s = pytest.approx(BUDGET_S[f"/{where}"], rel=0.05)
    cell = burning.find("burning", where, "2 users", lambda cell: cpu_s(cell) == truth_s)
    assert cpu_s(cell) == truth_s
    assert problems_of(cell) == set()


def test_cpu_of_workers_that_are_recycled_is_told_within_5_per_cent_and_their_number_too(recycled: Known) -> None:
    truth_s = pytest.approx(BUDGET_S["/worker"], rel=0.05)
    cell = recycled.find("recycled", "worker", "2 users", lambda cell: cpu_s(cell) == truth_s)
    assert cpu_s(cell) == truth_s
    (replaced,) = [problem for problem in cell.measurement.problems if problem.name == "workers replaced"]
    assert replaced.voids == ()
    assert "workers were replaced in the window" in replaced.detail


def test_cpu_of_a_double_fork_is_counted_and_told(burning: Known) -> None:
    known_s = BUDGET_S["/daemon"] + CHILD_S  # and what two forks and two ends cost, which is less than a daemon uses
    cell = burning.find("burning", "daemon", "2 users", lambda cell: known_s <= cpu_s(cell) < known_s + CHILD_S)
    assert known_s <= cpu_s(cell) < known_s + CHILD_S
    assert "processes detached" in problems_of(cell)
    assert voided(cell, "cpu") == set()


def test_a_service_that_keeps_a_megabyte_of_each_request_is_found_and_its_memory_is_not_ranked(
    leaking: Known,
) -> None:
    cell = leaking.find("burning", "leak", "40/s", lambda cell: problems_of(cell) == {"memory grows"})
    assert voided(cell, "memory") == {"memory grows"}
    (problem,) = cell.measurement.problems
    assert problem.voids == ("memory",)
    assert problem.detail.startswith("memory grew by 1.0")
    assert "MB a request" in problem.detail
