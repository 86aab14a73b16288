"""Plain runs of cells that are measured in no time: see made_up.py."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.model.run import SCHEMA_VERSION
from bench.record import machine, schema2
from bench.record.store import load_run, save_run
from bench.run.host.cpus import CpuSets
from bench.run.host.owner import TOGETHER, this_process
from bench.run.host.signals import Interrupted, StopRequest
from bench.run.session import plain
from bench.run.session.measure import RunResult
from tests.unit.sessions import ab_run

from .made_up import HERE, PLAN, FakeCells, orders, start

pytestmark = pytest.mark.usefixtures("results")


def test_every_visit_of_every_round_is_measured_and_recorded_in_order(cells: FakeCells, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    assert start(folder) == RunResult(folder, 0)
    run = load_run(folder)
    assert [cell.order for cell in run.cells] == list(range(12))
    assert all((folder / (cell.samples or "none")).is_file() for cell in run.cells)
    assert sorted(cells.visits) == [("one", [1, 10, 100])] * 2 + [("two", [1, 10, 100])] * 2
    assert run.notes == ("nothing is pinned here",)


def test_a_run_on_a_platform_without_pss_notes_that_memory_is_uss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "machine", lambda: replace(HERE, has_pss=False))
    start(tmp_path / "run")
    assert any("no PSS" in note and "USS" in note for note in load_run(tmp_path / "run").notes)


def test_a_run_on_a_platform_that_does_not_show_what_workers_wait_in_notes_when_its_loads_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "shown", lambda: False)
    start(tmp_path / "run")
    assert any(
        "the load began when the workers used next to no CPU" in note for note in load_run(tmp_path / "run").notes
    )


def test_a_run_on_a_platform_that_does_not_list_connections_notes_which_limits_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "listed", lambda: False)
    start(tmp_path / "run")
    assert any("does not list connections: only CPU, slots" in note for note in load_run(tmp_path / "run").notes)


def test_a_run_that_shares_its_cores_on_purpose_notes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOGETHER, "tests")
    start(tmp_path / "run")
    assert "BENCH_TOGETHER is set: other runs with it may have used the same cores" in load_run(tmp_path / "run").notes


def test_a_run_holds_its_cores_and_each_cell_is_told_of_them(cells: FakeCells, tmp_path: Path) -> None:
    refused: list[str] = []

    def meanwhile(key: CellKey) -> None:
        if key.order:
            return
        others: tuple[Callable[[], object], ...] = (
            lambda: start(tmp_path / "other"),
            lambda: plain.resume(tmp_path / "done", StopRequest()),
        )
        for other in others:
            with pytest.raises(BenchError) as caught:
                other()
            refused.append(str(caught.value))

    start(tmp_path / "done")
    cells.error = meanwhile
    start(tmp_path / "run")
    assert len(refused) == 2
    assert all(re.match(rf"cores? .* used by another run, pid \d+, into {tmp_path}/run ", said) for said in refused)
    assert not (tmp_path / "other").exists()
    assert all(one is not None for one in cells.taken)


def test_what_a_killed_run_had_left_is_noted_by_the_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / f"bench-{replace(this_process(), started=1)}-x"
    folder.mkdir()
    start(tmp_path / "run")
    note = f"a killed run had left something behind: deleted {folder}"
    assert note in load_run(tmp_path / "run").notes
    assert capsys.readouterr().err.splitlines().count(note) == 1
    (tmp_path / f"bench-{replace(this_process(), started=2)}-x").mkdir()
    plain.resume(tmp_path / "run", StopRequest())
    assert sum("a killed run" in one for one in load_run(tmp_path / "run").notes) == 2


def test_resume_measures_what_is_absent_or_failed_and_nothing_else(cells: FakeCells, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    cells.error = lambda key: BenchError("no") if key.order == 1 else Interrupted(15) if key.order == 7 else None
    with pytest.raises(Interrupted):
        start(folder)
    assert orders(folder) == list(range(7))
    cells.started.clear()
    again: list[int] = []
    cells.error = lambda key: again.append(key.order)
    assert plain.resume(folder, StopRequest()).failed == 0
    assert again == [1, 7, 8, 9, 10, 11]
    assert [cell.outcome for cell in load_run(folder).cells] == ["ok"] * 12
    cells.started.clear()
    plain.resume(folder, StopRequest())
    assert cells.started == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("commit", lambda patch: patch.setattr(machine, "git_state", lambda *_: ("def", False))),
        ("dirty", lambda patch: patch.setattr(machine, "git_state", lambda *_: ("abc", True))),
        ("lock_sha256", lambda patch: patch.setattr(machine, "file_sha256", lambda _: "0" * 64)),
        ("source", lambda patch: patch.setattr(plain, "CHECKOUT", None)),
        ("machine", lambda patch: patch.setattr(machine, "machine", lambda: replace(HERE, cpus=3))),
        ("server_cpus", lambda patch: patch.setattr(plain, "cpu_sets", lambda _: CpuSets((1,), (), None))),
    ],
)
def test_a_run_is_not_resumed_with_another_commit_lock_file_machine_or_cores(
    cells: FakeCells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Any], None]
) -> None:
    start(tmp_path / "run")
    cells.started.clear()
    before = (tmp_path / "run" / "run.json").read_bytes()
    change(monkeypatch)
    with pytest.raises(BenchError, match=rf"cannot be resumed: its {name} was .*, now it is "):
        plain.resume(tmp_path / "run", StopRequest())
    assert cells.started == []
    assert (tmp_path / "run" / "run.json").read_bytes() == before


@pytest.fixture
def installed(cells: FakeCells, monkeypatch: pytest.MonkeyPatch) -> FakeCells:
    """No checkout, so that the distributions that are installed take the place of the lock file."""
    monkeypatch.setattr(plain, "CHECKOUT", None)
    monkeypatch.setattr(machine, "distributions", lambda: {"flask": "3.0", "numpy": "2.0"})
    return cells


def test_installed_a_run_records_the_folder_of_its_code_and_what_is_installed(
    installed: FakeCells, tmp_path: Path
) -> None:
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=tmp_path)
    run = load_run(tmp_path / "run")
    assert (run.source, run.lock_sha256) == (str(tmp_path), None)
    assert run.distributions == {"flask": "3.0", "numpy": "2.0"}
    installed.started.clear()
    plain.resume(tmp_path / "run", StopRequest())
    assert installed.started == []


def test_installed_resume_looks_at_the_git_state_of_the_same_folder_whatever_the_current_one(
    installed: FakeCells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Path, list[Path]]] = []

    def git_state(folder: Path, aside: list[Path]) -> tuple[str, bool]:
        seen.append((folder, aside))
        return "abc", False

    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=tmp_path)
    monkeypatch.setattr(machine, "git_state", git_state)
    plain.resume(tmp_path / "run", StopRequest())
    assert seen == [(tmp_path, [tmp_path / "results", tmp_path / "run"])]
    aside = plain.start(PLAN, 1, ["run"], None, StopRequest(), code=tmp_path).folder
    plain.resume(aside, StopRequest())
    assert seen[-1] == (tmp_path, [tmp_path / "results", aside, tmp_path / "results"])
    assert len(installed.started) == 8


def test_installed_resume_refuses_other_versions_and_names_only_those(
    installed: FakeCells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=tmp_path)
    installed.started.clear()
    monkeypatch.setattr(machine, "distributions", lambda: {"flask": "3.1", "numpy": "2.0", "new": "1"})
    with pytest.raises(BenchError) as caught:
        plain.resume(tmp_path / "run", StopRequest())
    assert str(caught.value).endswith(
        "its distributions was {'flask': '3.0', 'new': None}, now it is {'flask': '3.1', 'new': '1'}"
    )
    assert installed.started == []


def test_only_a_folder_with_a_run_can_be_resumed(tmp_path: Path) -> None:
    for folder, wanted in ((tmp_path / "gone", "No such file"), (tmp_path, "holds no run.json")):
        with pytest.raises(BenchError, match=wanted):
            plain.resume(folder, StopRequest())


def test_an_ab_is_not_resumed(tmp_path: Path) -> None:
    save_run(tmp_path, replace(ab_run([]), config=PLAN))
    with pytest.raises(BenchError, match="is an A/B"):
        plain.resume(tmp_path, StopRequest())


@pytest.mark.parametrize(
    ("version", "way_out"), [(SCHEMA_VERSION + 1, "update this program"), (schema2.VERSION - 1, "measure again")]
)
def test_the_error_for_a_run_of_another_version_says_what_to_do(
    cells: FakeCells, tmp_path: Path, version: int, way_out: str
) -> None:
    start(tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": version}))
    cells.started.clear()
    with pytest.raises(BenchError, match=way_out):
        plain.resume(tmp_path / "run", StopRequest())
    assert cells.started == []


def test_the_folder_of_a_run_lies_in_the_results_whatever_the_profile_is_called(results: Path) -> None:
    odd = replace(PLAN, profile=replace(PLAN.profile, name="../p/q ü"))
    folder = plain.start(odd, 1, [], None, StopRequest(), code=Path()).folder
    assert folder.parent == results
    assert folder.name.endswith("-.._p_q_")


def test_runs_of_the_same_second_have_different_folders(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    monkeypatch.setattr(plain, "datetime", SimpleNamespace(now=lambda _: moment, fromisoformat=datetime.fromisoformat))
    names = [start(None).folder.name for _ in range(3)]
    assert names == [f"20260102-030405-quick{suffix}" for suffix in ("", "-2", "-3")]
    assert [load_run(results / name).id for name in names] == names


def test_a_run_keeps_its_plan_and_its_seed(tmp_path: Path) -> None:
    start(tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert run.config == PLAN
    assert run.seed == 1
