"""Which servers each cell is measured on and what is recorded, in a plain run and in an A/B."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.model.cell import Cell, CellKey, Problem
from bench.model.run import Run
from bench.plan.turns import Pace
from bench.record.store import load_run
from bench.run.cell.visit import Visit
from bench.run.host.signals import Interrupted, StopRequest
from bench.run.session.measure import RunResult, measure, setting
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.testbed import Start
from tests.unit.builders import run_of
from tests.unit.sessions import ab_run

from .made_up import LOADS, PLAN, STACK, FakeCells, orders, users


@dataclass(frozen=True)
class Session:
    """A session in which each visit is two or three cells of one stack."""

    run: Run
    starts: tuple[Start, ...]
    pace: Pace | None
    folder: Path
    said: io.StringIO = field(default_factory=io.StringIO)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(start.role for start in self.starts)

    def visits(self, stacks: Sequence[str]) -> list[Visit]:
        return [
            Visit(
                tuple(CellKey(stack, "look", load, 1, 3 * number + place) for place, load in enumerate(LOADS)),
                self.starts,
                self.pace,
            )
            for number, stack in enumerate(stacks)
        ]

    def measure(self, *stacks: str) -> RunResult:
        """The result, with the run recorded in the folder."""
        visits = self.visits(stacks)
        self.folder.mkdir(exist_ok=True)
        planned = [(key, 1.0) for visit in visits for key in visit.cells]
        with RunProgress(planned, Console(file=self.said, force_terminal=False, soft_wrap=True)) as progress:
            recorder = Recorder(self.run, self.folder, progress)
            return measure(visits, setting(self.run, recorder, StopRequest()), recorder)

    def recorded(self) -> tuple[Cell, ...]:
        return load_run(self.folder).cells


PLAIN = run_of(PLAN)
AB = replace(PLAIN, ab=ab_run([]).ab)


@pytest.fixture(params=["plain", "A/B"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    if request.param == "plain":
        return Session(PLAIN, (Start("server", STACK),), None, tmp_path / "run")
    return Session(AB, (Start("base", STACK), Start("head", STACK)), Pace(0.02, 0.3), tmp_path / "run")


def test_all_cells_of_a_visit_are_measured_on_the_same_servers_and_recorded_with_their_samples(
    session: Session, cells: FakeCells
) -> None:
    assert session.measure("one", "two") == RunResult(session.folder, 0)
    assert cells.visits == [("one", [1, 10, 100]), ("two", [1, 10, 100])]
    assert [servers.roles for servers in cells.started] == [session.roles] * 2
    recorded = session.recorded()
    assert [cell.order for cell in recorded] == list(range(6))
    assert all((session.folder / (cell.samples or "none")).is_file() for cell in recorded)
    assert [len(cell.measurements) for cell in recorded] == [len(session.roles)] * 6
    assert not cells.running


def test_the_cell_after_a_failed_cell_gets_fresh_servers_and_the_failed_one_is_recorded(
    session: Session, cells: FakeCells
) -> None:
    cells.error = lambda key: BenchError("it broke") if users(key.load) == 10 else None
    assert session.measure("one", "two").failed == 2
    assert cells.visits == [("one", [1, 10]), ("one", [100]), ("two", [1, 10]), ("two", [100])]
    assert [servers.roles for servers in cells.started] == [session.roles] * 4
    recorded = session.recorded()
    assert [cell.outcome for cell in recorded] == ["ok", "failed", "ok"] * 2
    for cell in recorded:
        if cell.outcome == "failed":
            assert users(cell.load) == 10
            assert cell.samples is None
            assert [one.problems for one in cell.measurements] == [(Problem("failed", "measure: it broke"),)] * len(
                session.roles
            )
    assert "one, look, 10 users, round 1: FAILED in phase measure: it broke" in session.said.getvalue()
    assert not cells.running


def test_servers_that_do_not_start_fail_one_cell_and_the_next_cell_gets_fresh_ones(
    session: Session, cells: FakeCells
) -> None:
    cells.start_error = lambda key: BenchError("it is not ready") if users(key.load) < 100 else None
    assert session.measure("one").failed == 2
    assert cells.visits == [("one", []), ("one", []), ("one", [100])]
    assert [cell.outcome for cell in session.recorded()] == ["failed", "failed", "ok"]
    assert session.said.getvalue().count("FAILED in phase start server: it is not ready") == 2


@pytest.mark.parametrize("failed", [-503, -2, -5])
def test_the_cell_after_failed_requests_gets_fresh_servers(session: Session, cells: FakeCells, failed: int) -> None:
    cells.status = lambda key: [200, failed, 200] if key.stack == "one" and users(key.load) == 10 else [200, -6, -7]
    assert session.measure("one", "two").failed == 0
    assert cells.visits == [("one", [1, 10]), ("one", [100]), ("two", [1, 10, 100])]
    assert orders(session.folder) == list(range(6))


@pytest.mark.parametrize(("name", "fresh"), [("falling behind", True), ("arrivals dropped", True), ("unsteady", False)])
def test_the_cell_after_one_in_which_a_server_fell_behind_gets_servers_without_its_memory(
    session: Session, cells: FakeCells, name: str, fresh: bool
) -> None:
    found = (Problem(name, "so it was", ("latency",)),)
    last = session.roles[-1]  # in an A/B head alone
    cells.problems = lambda key, role: found if users(key.load) == 10 and role == last else ()
    session.measure("one")
    assert cells.visits == ([("one", [1, 10]), ("one", [100])] if fresh else [("one", [1, 10, 100])])


def test_after_the_last_cell_of_a_visit_nothing_is_started_again(session: Session, cells: FakeCells) -> None:
    cells.status = lambda _: [-503]
    session.measure("one")
    assert cells.visits == [("one", [1]), ("one", [10]), ("one", [100])]


def test_the_run_is_saved_after_each_cell(session: Session, cells: FakeCells) -> None:
    saved: list[list[int]] = []

    def look(key: CellKey) -> None:
        saved.append(orders(session.folder) if key.order else [])

    cells.error = look
    session.measure("one", "two")
    assert saved == [list(range(count)) for count in range(6)]


def test_an_interrupted_session_says_where_it_was_and_what_to_do_with_the_finished_cells(
    session: Session, cells: FakeCells
) -> None:
    cells.error = lambda key: Interrupted(2) if key.order == 4 else None
    with pytest.raises(Interrupted) as caught:
        session.measure("one", "two")
    folder = session.folder
    way_on = (
        f"go on with python -m bench run --resume {folder}"
        if session.run.ab is None
        else f"show them with python -m bench diff {folder}"
    )
    assert str(caught.value) == (
        f"interrupted by SIGINT: two, look, 10 users, round 1, in phase measure; "
        f"4 finished cells are kept in {folder}: {way_on}"
    )
    assert orders(folder) == [0, 1, 2, 3]
    assert not cells.running


@pytest.mark.parametrize("name", ["run.json", "cells"])
def test_what_cannot_be_recorded_ends_the_session_with_where_it_was(
    session: Session, cells: FakeCells, tmp_path: Path, name: str
) -> None:
    def block(key: CellKey) -> None:
        if key.order == 2:
            path = session.folder / name
            path.rename(tmp_path / "away")
            path.mkdir() if name == "run.json" else path.touch()

    cells.error = block
    with pytest.raises(BenchError) as caught:
        session.measure("one", "two")
    assert caught.value.exit_code == 1
    assert "one, look, 100 users, round 1, in phase record; " in str(caught.value)
    assert "finished cells are kept in" in str(caught.value)
    assert not cells.running
