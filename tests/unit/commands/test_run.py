"""The exit code of a run, with runs that are made up."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench import cli
from bench.commands import run as command
from bench.errors import BenchError
from bench.model.cell import Cell
from bench.model.config import Closed
from bench.record.store import load_run, save_run
from bench.run.session.measure import RunResult
from tests.unit.builders import FASTAPI, FLASK, broken, changed, plan, save

SHAPES = {"flask": FLASK, "loop": FASTAPI}


def recorded(folder: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Cell], Cell] = lambda cell: cell) -> int:
    """The exit code of `run` where it measures two stacks under two loads and each cell is changed so."""
    save(folder, plan(SHAPES, {"weather": (5, 10)}, rounds=1), SHAPES)
    run = load_run(folder)
    cells = tuple(change(cell) for cell in run.cells)
    save_run(folder, replace(run, cells=cells))
    failed = sum(cell.outcome == "failed" for cell in cells)
    monkeypatch.setattr("bench.run.session.plain.start", lambda *_, **__: RunResult(folder, failed))
    monkeypatch.setattr("bench.show.report.publish.publish", lambda *_: None)
    words = ["run", "--profile", "smoke"]
    return command.run(cli.parser("stackduel").parse_args(words), words)


def silent(cell: Cell) -> Cell:
    requests = cell.measurement.requests
    assert requests is not None
    return changed(cell, requests=replace(requests, ok=0))


def test_a_run_whose_stacks_all_served_something_exits_with_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded(tmp_path, monkeypatch) == 0
    some = recorded(tmp_path, monkeypatch, lambda cell: silent(cell) if cell.order % 2 else cell)
    assert some == 0


def test_a_stack_that_served_nothing_exits_with_1_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recorded(tmp_path, monkeypatch, lambda cell: silent(cell) if cell.stack == "loop" else cell) == 1
    assert capsys.readouterr().err == f"loop served nothing; the logs are in {tmp_path}/logs\n"


def test_a_cell_that_failed_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(cell: Cell) -> Cell:
        return changed(cell, outcome="failed", requests=None) if cell.stack == "loop" else cell

    assert recorded(tmp_path, monkeypatch, fail) == 1
    assert capsys.readouterr().err == (
        f"2 cells failed; their logs are in {tmp_path}/logs; of loop; measure again what failed with "
        f"python -m bench run --resume {tmp_path}\n"
    )


def test_a_stack_that_fails_over_half_of_its_requests_in_every_cell_exits_with_1_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(cell: Cell) -> Cell:
        return broken(cell, ok=3, errors={"status 503": 97}) if cell.stack == "loop" else cell

    assert recorded(tmp_path, monkeypatch, fail) == 1
    assert capsys.readouterr().err == (
        "loop answered 97.0 % of the requests with status 503; over half failed in every cell; "
        f"the logs are in {tmp_path}/logs\n"
    )


def test_a_stack_that_serves_half_of_its_requests_in_one_cell_exits_with_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(cell: Cell) -> Cell:
        return broken(cell, ok=3 if cell.load == Closed(users=10) else 50, errors={"status 503": 50})

    assert recorded(tmp_path, monkeypatch, fail) == 0


def test_a_resumed_run_has_the_exit_code_of_all_its_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded(tmp_path, monkeypatch, lambda cell: broken(cell, ok=0, timeouts=9)) == 1
    monkeypatch.setattr("bench.run.session.plain.resume", lambda *_: RunResult(tmp_path, 0))
    words = ["run", "--resume", str(tmp_path)]
    assert command.run(cli.parser("stackduel").parse_args(words), words) == 1


@pytest.mark.parametrize("other", [("--users", "3"), ("--out=there",), ("--force",)])
def test_resume_takes_no_other_option_because_it_would_ignore_it(other: tuple[str, ...]) -> None:
    words = ["run", "--resume", "there", *other]
    arguments: Namespace = cli.parser("stackduel").parse_args(words)
    with pytest.raises(BenchError, match=f"with its own options: leave out {other[0].partition('=')[0]}$"):
        command.run(arguments, words)
