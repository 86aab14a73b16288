"""A plain run as JUnit XML."""

from dataclasses import replace

import pytest

from bench.model.cell import Problem
from bench.model.run import Run
from bench.show.export import junit
from bench.show.export.cells import cases
from bench.show.export.junit import Case
from tests.unit.builders import broken, cell, failed
from tests.unit.judge.capacity.test_rows import search

from .junit_schema import faults
from .made_up import BEHIND, LATE, of_cells, reference, three, with_searches


def found(run: Run, stack: str = "flask") -> list[Case]:
    every = list(cases(run))
    assert faults(junit.text(run, every, {"run": run.id})) == []
    return [case for case in every if case.stack == stack and case.kind != "not measured"]


def test_each_cell_and_each_search_of_the_reference_run_is_a_test_case() -> None:
    run = reference()
    every = list(cases(run))
    assert len(every) == len(run.cells) + len(run.searches)
    assert {case.ending for case in every if case.stack != "fastapi-httpx"} == {"passed"}
    httpx = [case for case in every if case.stack == "fastapi-httpx"]
    assert [case.ending for case in httpx] == ["skipped"] * 3 + ["passed"] * 3
    assert httpx[0].message.startswith("unsteady: the window of ")
    assert all(case.time_s is not None and case.time_s > 0 for case in every)


def test_the_figures_of_a_cell_read_back_exactly_without_the_unreliable_ones() -> None:
    run = reference()
    one = next(each for each in run.cells if (each.stack, each.round) == ("fastapi-httpx", 2)).measurement
    (case,) = (each for each in found(run, "fastapi-httpx") if each.name == "100 users (closed-loop), round 2")
    told = dict(line.split(": ") for line in case.figures)
    assert told["throughput"] == f"{one.throughput_rps!r} requests/s"
    assert "P95 at saturation" not in told
    assert float(told["failed requests, as a share"]) == 0


def test_an_unreliable_cell_is_skipped_with_every_reason() -> None:
    one = cell("flask", 10, 1, problems=(LATE, BEHIND))
    (case,) = found(of_cells(one))
    assert (case.ending, case.kind) == ("skipped", "upstream late")
    assert case.message == f"upstream late: off by 6 ms; falling behind: {BEHIND.detail}"


def test_a_problem_that_makes_nothing_unreliable_does_not_matter() -> None:
    (case,) = found(of_cells(cell("flask", 10, 1, problems=(Problem("workers not ready", "1 of 4"),))))
    assert case.ending == "passed"


def test_a_failed_cell_is_an_error() -> None:
    (case,) = found(of_cells(failed(cell("flask", 10, 1))))  # type: ignore[arg-type]
    assert (case.ending, case.kind) == ("error", "failed")
    assert case.message == "failed: start server: the server did not become ready in 30 s"
    assert case.figures == ()


@pytest.mark.parametrize(("ok", "ending"), [(0, "error"), (40, "error"), (90, "skipped")])
def test_a_stack_that_fails_most_of_its_requests_is_an_error(ok: int, ending: str) -> None:
    one = broken(cell("flask", 10, 1), ok=ok, errors={"status 500": 100 - ok}, problems=(LATE,))
    (case,) = found(of_cells(one))
    assert case.ending == ending
    if ending == "error":
        assert case.kind == "service errors"


def test_what_was_planned_and_not_measured_is_skipped() -> None:
    run = of_cells(*three("flask")[:2])
    missing = [(case.stack, case.name, case.message) for case in cases(run) if case.kind == "not measured"]
    assert missing == [
        ("flask", "10 users (closed-loop), other rounds", "the run ended early, without 1 of 3 planned rounds"),
        ("fastapi", "10 users (closed-loop), other rounds", "the run ended early, without 3 of 3 planned rounds"),
    ]
    assert {case.ending for case in cases(run) if case.kind == "not measured"} == {"skipped"}


def test_a_search_passes_where_it_found_a_rate() -> None:
    run = with_searches(of_cells())
    run = replace(run, searches=(*run.searches, search("fastapi", 3, None, "failed", "the server died")))
    assert {case.ending for case in found(run)} == {"passed"}
    assert found(run)[0].figures == ("capacity: 500.0 requests/s",)
    bound, other, broke = found(run, "fastapi")
    assert (bound.ending, bound.kind) == ("skipped", "at least")
    assert bound.message == "at least 900/s with P95 within 200 ms: it was the most"
    assert other.ending == "passed"
    assert (broke.ending, broke.kind) == ("error", "failed")
