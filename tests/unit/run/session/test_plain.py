"""The order of things in a run, with cells that are made up."""

import json
import re
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.errors import BenchError
from bench.model.cell import Cell, CellKey, Problem
from bench.model.config import Closed, Load, Plan, Profile, Scenario, Stack, Timing
from bench.model.run import SCHEMA_VERSION, Machine, Run, Selftest
from bench.model.samples import Samples
from bench.plan.schedule import Visit, visits
from bench.record import machine
from bench.record.store import load_run, save_selftest
from bench.run.cell.visit import Setting, log_file
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import Interrupted, StopRequest
from bench.run.session import fitness, plain
from bench.run.session import folder as folders
from bench.run.session.selftest import Ladders

STACK = Stack("one", "One", "wsgi", ("a",), {}, 1, 1, 1, None, ".")
LOADS = tuple(Closed(users=users) for users in (1, 10, 100))
PLAN = Plan(
    {"one": STACK, "two": replace(STACK, name="two")},
    {"look": Scenario("look", "Look", "loadtests/get.py", {}, 0.0, 1.0)},
    Profile("quick", ("one", "two"), {"look": LOADS}, Timing(1.0, 1.0, 3.0), 2, {}, {}, ("two", "one"), 1),
)
SELFTEST = Selftest("", ((), ()), 30_000.0, 1000.0, 0.001, 100, 5000.0, 0.001, 0.0, 0.001, 20_000, 0.0, 0.0, ())
HERE = Machine("CPU", 2, 1, "Linux", "6", "3.11", has_pss=True)

Breaks = Callable[[CellKey], Exception | None]


def users(load: Load) -> int:
    assert isinstance(load, Closed)
    return load.users


def cell_of(key: CellKey) -> Cell:
    return Cell(key.stack, key.scenario, key.load, key.round, key.order, "ok")


class FakeVisits:
    """Takes the place of run_visit: remembers the loads of each visit, and breaks where a test wants it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[int]]] = []
        self.found = SELFTEST
        self.tried: list[Ladders] = []
        self.breaks: Breaks = lambda _: None
        self.status: Callable[[CellKey], list[int]] = lambda _: []
        self.problems: Callable[[CellKey], tuple[Problem, ...]] = lambda _: ()

    def selftest(self, cpus: CpuSets, ladders: Ladders, *_: object) -> Selftest:
        self.tried.append(ladders)
        return replace(self.found, cpu_sets=(cpus.server, cpus.load), taken=datetime.now(UTC).isoformat())

    def __call__(self, visit: Visit, setting: Setting) -> Generator[tuple[Cell, Samples]]:
        self.seen.append((visit.stack, [users(key.load) for key in visit.cells]))
        for key in visit.cells:
            setting.progress(key, "measure")
            error = self.breaks(key)
            if error is not None:
                raise error
            status = np.array(self.status(key), dtype=np.int64)
            yield replace(cell_of(key), problems=self.problems(key)), Samples(status=status)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVisits:
    visits_ = FakeVisits()
    monkeypatch.setattr(plain, "run_visit", visits_)
    monkeypatch.setattr(folders, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(plain, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(fitness, "SELFTEST", tmp_path / "results" / "selftest.json")
    monkeypatch.setattr(fitness, "selftest", visits_.selftest)
    monkeypatch.setattr(plain, "cpu_sets", lambda _: CpuSets((), (), "nothing is pinned here"))
    monkeypatch.setattr(machine, "machine", lambda: HERE)
    monkeypatch.setattr(machine, "git_state", lambda *_: ("abc", False))
    monkeypatch.setattr(machine, "file_sha256", lambda _: "f" * 64)
    return visits_


def start(folder: Path | None) -> plain.RunResult:
    return plain.start(PLAN, 1, ["run"], folder, StopRequest(), code=Path())


def orders(folder: Path) -> list[int]:
    return [cell.order for cell in load_run(folder).cells]


def test_every_cell_is_recorded_in_order_with_its_samples(fake: FakeVisits, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    assert start(folder) == plain.RunResult(folder, 0)
    run = load_run(folder)
    assert [cell.order for cell in run.cells] == list(range(12))
    assert all((folder / (cell.samples or "none")).is_file() for cell in run.cells)
    assert sorted(fake.seen) == [("one", [1, 10, 100])] * 2 + [("two", [1, 10, 100])] * 2
    assert run.notes == ("nothing is pinned here",)


def test_without_pss_the_run_says_so(fake: FakeVisits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fake.seen == []
    monkeypatch.setattr(machine, "machine", lambda: replace(HERE, has_pss=False))
    start(tmp_path / "run")
    assert any("no PSS" in note and "USS" in note for note in load_run(tmp_path / "run").notes)


def test_after_a_failure_the_next_load_gets_a_server_of_its_own(
    fake: FakeVisits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.breaks = lambda key: BenchError("it broke") if key.stack == "one" and users(key.load) == 10 else None
    assert start(tmp_path / "run").failed == 2
    assert [loads for stack, loads in fake.seen if stack == "one"] == [[1, 10, 100], [100]] * 2
    run = load_run(tmp_path / "run")
    failed = [cell for cell in run.cells if cell.outcome == "failed"]
    assert [(cell.stack, users(cell.load), cell.problems[0].detail) for cell in failed] == [
        ("one", 10, "measure: it broke")
    ] * 2
    assert len(run.cells) == 12
    assert "one, look, 10 users, round 1: FAILED in phase measure: it broke" in capsys.readouterr().err


@pytest.mark.parametrize("failed", [-503, -2, -5])
def test_after_failed_requests_whenever_they_were_the_next_load_gets_a_fresh_server(
    fake: FakeVisits, tmp_path: Path, failed: int
) -> None:
    fake.status = lambda key: [200, failed, 200] if key.stack == "one" and users(key.load) == 10 else [200, -6, -7]
    assert start(tmp_path / "run").failed == 0
    assert [loads for stack, loads in fake.seen if stack == "one"] == [[1, 10, 100], [100]] * 2
    assert [loads for stack, loads in fake.seen if stack == "two"] == [[1, 10, 100]] * 2
    assert orders(tmp_path / "run") == list(range(12))


@pytest.mark.parametrize(("name", "fresh"), [("falling behind", True), ("arrivals dropped", True), ("unsteady", False)])
def test_after_a_server_fell_behind_the_next_load_gets_one_without_its_memory(
    fake: FakeVisits, tmp_path: Path, name: str, fresh: bool
) -> None:
    behind = (Problem(name, "so it was", ("latency",)),)
    fake.problems = lambda key: behind if key.stack == "one" and users(key.load) == 10 else ()
    start(tmp_path / "run")
    loads = [[1, 10, 100], [100]] if fresh else [[1, 10, 100]]
    assert [seen for stack, seen in fake.seen if stack == "one"] == loads * 2


def test_a_run_is_saved_after_each_cell(fake: FakeVisits, tmp_path: Path) -> None:
    saved: list[list[int]] = []

    def look(_: CellKey) -> None:
        saved.append(orders(tmp_path / "run"))

    fake.breaks = look
    start(tmp_path / "run")
    assert saved == [list(range(count)) for count in range(12)]


def test_an_interrupted_run_says_where_it_was_and_how_to_go_on(fake: FakeVisits, tmp_path: Path) -> None:
    fake.breaks = lambda key: Interrupted(2) if key.order == 4 else None
    folder = tmp_path / "run"
    with pytest.raises(Interrupted) as caught:
        start(folder)
    key = [key for visit in visits(PLAN, 1) for key in visit.cells][4]
    assert str(caught.value) == (
        f"interrupted by SIGINT: {key.stack}, look, {users(key.load)} users, round 1, in phase measure; "
        f"4 finished cells are kept in {folder}: go on with python -m bench run --resume {folder}"
    )
    assert orders(folder) == [0, 1, 2, 3]


def test_resume_measures_what_is_absent_or_failed_and_nothing_else(fake: FakeVisits, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    fake.breaks = lambda key: BenchError("no") if key.order == 1 else Interrupted(15) if key.order == 7 else None
    with pytest.raises(Interrupted):
        start(folder)
    assert orders(folder) == list(range(7))
    fake.breaks = lambda _: None
    fake.seen.clear()
    again: list[int] = []
    fake.breaks = lambda key: again.append(key.order)
    assert plain.resume(folder, StopRequest()).failed == 0
    assert again == [1, 7, 8, 9, 10, 11]
    assert [cell.outcome for cell in load_run(folder).cells] == ["ok"] * 12
    fake.seen.clear()
    plain.resume(folder, StopRequest())
    assert fake.seen == []


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
def test_resume_refuses_what_is_no_longer_the_same(
    fake: FakeVisits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Any], None]
) -> None:
    start(tmp_path / "run")
    fake.seen.clear()
    before = (tmp_path / "run" / "run.json").read_bytes()
    change(monkeypatch)
    with pytest.raises(BenchError, match=rf"cannot be resumed: its {name} was .*, now it is "):
        plain.resume(tmp_path / "run", StopRequest())
    assert fake.seen == []
    assert (tmp_path / "run" / "run.json").read_bytes() == before


@pytest.fixture
def installed(fake: FakeVisits, monkeypatch: pytest.MonkeyPatch) -> FakeVisits:
    """No checkout, so that the distributions that are installed take the place of the lock file."""
    monkeypatch.setattr(plain, "CHECKOUT", None)
    monkeypatch.setattr(machine, "distributions", lambda: {"flask": "3.0", "numpy": "2.0"})
    return fake


def test_installed_a_run_records_the_folder_of_its_code_and_what_is_installed(
    installed: FakeVisits, tmp_path: Path
) -> None:
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=tmp_path)
    run = load_run(tmp_path / "run")
    assert (run.source, run.lock_sha256) == (str(tmp_path), None)
    assert run.distributions == {"flask": "3.0", "numpy": "2.0"}
    installed.seen.clear()
    plain.resume(tmp_path / "run", StopRequest())
    assert installed.seen == []


def test_installed_resume_looks_at_the_git_state_of_the_same_folder_whatever_the_current_one(
    installed: FakeVisits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert len(installed.seen) == 8


def test_installed_resume_refuses_other_versions_and_names_only_those(
    installed: FakeVisits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=tmp_path)
    installed.seen.clear()
    monkeypatch.setattr(machine, "distributions", lambda: {"flask": "3.1", "numpy": "2.0", "new": "1"})
    with pytest.raises(BenchError) as caught:
        plain.resume(tmp_path / "run", StopRequest())
    assert str(caught.value).endswith(
        "its distributions was {'flask': '3.0', 'new': None}, now it is {'flask': '3.1', 'new': '1'}"
    )
    assert installed.seen == []


def test_a_folder_that_holds_a_run_is_never_written_over(fake: FakeVisits, tmp_path: Path) -> None:
    start(tmp_path / "run")
    fake.seen.clear()
    with pytest.raises(BenchError, match="holds a run already: choose another --out, or go on with --resume"):
        start(tmp_path / "run")
    assert fake.seen == []


def test_a_folder_in_which_a_run_is_under_way_is_left_to_it(fake: FakeVisits, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refused: list[str] = []

    def meanwhile(_: CellKey) -> None:
        others: tuple[Callable[[], object], ...] = (
            lambda: start(folder),
            lambda: plain.resume(folder, StopRequest()),
        )
        for other in others:
            with pytest.raises(BenchError) as caught:
                other()
            refused.append(str(caught.value))

    fake.breaks = meanwhile
    start(folder)
    assert len(refused) == 24
    assert all("another run is under way" in said for said in refused)
    assert len(orders(folder)) == 12


def test_resume_needs_a_run(fake: FakeVisits, tmp_path: Path) -> None:
    assert fake.seen == []
    for folder, wanted in ((tmp_path / "gone", "No such file"), (tmp_path, "holds no run.json")):
        with pytest.raises(BenchError, match=wanted):
            plain.resume(folder, StopRequest())


@pytest.mark.parametrize(("newer_by", "told"), [(1, "update it"), (-1, "measure again")])
def test_a_run_of_another_version_is_refused_with_what_to_do(
    fake: FakeVisits, tmp_path: Path, newer_by: int, told: str
) -> None:
    start(tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": SCHEMA_VERSION + newer_by}))
    fake.seen.clear()
    with pytest.raises(BenchError, match=told):
        plain.resume(tmp_path / "run", StopRequest())
    assert fake.seen == []


@pytest.mark.parametrize("name", ["run.json", "cells"])
def test_what_cannot_be_recorded_ends_the_run_with_where_it_was(fake: FakeVisits, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"

    def block(key: CellKey) -> None:
        if key.order == 2:
            path = folder / name
            path.rename(tmp_path / "away")
            path.mkdir() if name == "run.json" else path.touch()

    fake.breaks = block
    with pytest.raises(BenchError) as caught:
        start(folder)
    assert caught.value.exit_code == 1
    assert "in phase record; " in str(caught.value)
    assert "finished cells are kept in" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_clear_error(fake: FakeVisits, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(BenchError, match=r"the run folder .* cannot be made"):
            start(folder)
    assert fake.seen == []


def latest(tmp_path: Path) -> Path:
    return tmp_path / "results" / "latest"


def test_latest_points_to_the_newest_run_wherever_it_lies(fake: FakeVisits, tmp_path: Path) -> None:
    assert fake.seen == []
    result = start(None)
    assert result.folder.parent == tmp_path / "results"
    assert latest(tmp_path).readlink() == Path(result.folder.name)
    start(tmp_path / "run")
    assert latest(tmp_path).resolve() == tmp_path / "run"


def test_a_run_has_a_folder_of_its_own_whatever_its_profile_is_called(fake: FakeVisits, tmp_path: Path) -> None:
    assert fake.seen == []
    odd = replace(PLAN, profile=replace(PLAN.profile, name="../p/q ü"))
    folder = plain.start(odd, 1, [], None, StopRequest(), code=Path()).folder
    assert folder.parent == tmp_path / "results"
    assert folder.name.endswith("-.._p_q_")


def test_runs_of_the_same_second_have_folders_of_their_own(
    fake: FakeVisits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake.seen == []
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    monkeypatch.setattr(plain, "datetime", SimpleNamespace(now=lambda _: moment, fromisoformat=datetime.fromisoformat))
    names = [start(None).folder.name for _ in range(3)]
    assert names == [f"20260102-030405-quick{suffix}" for suffix in ("", "-2", "-3")]
    assert [load_run(tmp_path / "results" / name).id for name in names] == names


def test_latest_takes_the_place_of_a_dangling_link_and_never_of_a_folder(fake: FakeVisits, tmp_path: Path) -> None:
    assert fake.seen == []
    latest(tmp_path).parent.mkdir()
    latest(tmp_path).symlink_to("gone")
    start(tmp_path / "first")
    assert latest(tmp_path).resolve() == tmp_path / "first"
    latest(tmp_path).unlink()
    latest(tmp_path).mkdir()
    start(tmp_path / "second")
    assert latest(tmp_path).is_dir()
    assert not latest(tmp_path).is_symlink()


def test_a_checkout_that_cannot_be_written_is_no_obstacle(fake: FakeVisits, tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    assert start(tmp_path / "run").failed == 0
    assert len(fake.seen) == 4


def test_more_users_than_descriptors_are_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = SimpleNamespace(RLIMIT_NOFILE=7, RLIM_INFINITY=-1, getrlimit=lambda _: (256, 1024))
    monkeypatch.setattr(fitness, "resource", fake)
    with pytest.raises(
        BenchError, match=r"1000 requests under way need 4200 open files in one process, but the limit is 1024"
    ):
        fitness.descriptors_for(1000)


@pytest.mark.parametrize("hard", [-1, 100_000])
def test_the_soft_limit_is_raised_as_far_as_it_is_needed(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    raised: list[tuple[int, tuple[int, int]]] = []
    fake = SimpleNamespace(
        RLIMIT_NOFILE=7,
        RLIM_INFINITY=-1,
        getrlimit=lambda _: (256, hard),
        setrlimit=lambda *what: raised.append(what),
    )
    monkeypatch.setattr(fitness, "resource", fake)
    fitness.descriptors_for(10)
    assert raised == []
    fitness.descriptors_for(500)
    assert raised == [(7, (2200, hard))]


def test_a_trial_gets_as_many_descriptors_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[int, tuple[int, int]]] = []
    fake = SimpleNamespace(
        RLIMIT_NOFILE=7,
        RLIM_INFINITY=-1,
        getrlimit=lambda _: (256, 1024),
        setrlimit=lambda *what: raised.append(what),
    )
    monkeypatch.setattr(fitness, "resource", fake)
    fitness.descriptors_for(6000, at_most=True)
    assert raised == [(7, (1024, 1024))]


def test_a_log_has_a_name_that_every_file_system_takes(tmp_path: Path) -> None:
    setting: Any = SimpleNamespace(logs=tmp_path)
    key = CellKey("../ü/" + "語" * 80 + "[env.X=" + "y" * 300 + "]", "a b\u2028" + "z" * 80, Closed(users=10), 1, 7)
    path = log_file(setting, key, "server")
    assert path.parent == tmp_path
    assert path.name.startswith("007-10_users-")
    assert path.name.endswith(".server.log")
    path.touch()


def test_a_recorded_run_reads_back_as_it_was(fake: FakeVisits, tmp_path: Path) -> None:
    start(tmp_path / "run")
    run: Run = load_run(tmp_path / "run")
    assert run.config == PLAN
    assert run.seed == 1
    assert len(fake.seen) == 4


def test_a_run_begins_with_a_selftest_of_what_it_asks_for_and_keeps_it(fake: FakeVisits, tmp_path: Path) -> None:
    start(tmp_path / "run")
    assert fake.tried == [Ladders([], [100], [])]
    kept = load_run(tmp_path / "run").selftest
    assert kept is not None
    assert kept.users == 100


def test_a_selftest_serves_the_runs_of_the_next_hour_that_ask_for_no_more(fake: FakeVisits, tmp_path: Path) -> None:
    start(tmp_path / "one")
    start(tmp_path / "two")
    assert len(fake.tried) == 1
    assert load_run(tmp_path / "one").selftest == load_run(tmp_path / "two").selftest
    fake.found = replace(SELFTEST, users=500)
    more = replace(PLAN, profile=replace(PLAN.profile, loads={"look": (Closed(users=500),)}))
    plain.start(more, 1, ["run"], tmp_path / "three", StopRequest(), code=Path())
    assert fake.tried[1:] == [Ladders([], [500], [])]


@pytest.mark.parametrize(
    "change",
    [
        {"taken": (datetime.now(UTC) - timedelta(minutes=61)).isoformat()},
        {"taken": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        {"cpu_sets": ((1,), (0,))},
        {"taken": "yesterday"},
        {"taken": "2026-01-02T03:04:05"},
    ],
)
def test_a_selftest_that_is_old_or_of_other_cores_is_taken_again(
    fake: FakeVisits, tmp_path: Path, change: dict[str, Any]
) -> None:
    start(tmp_path / "one")
    save_selftest(fitness.SELFTEST, replace(SELFTEST, **{"taken": datetime.now(UTC).isoformat(), **change}))
    start(tmp_path / "two")
    assert len(fake.tried) == 2


def test_a_selftest_file_that_is_damaged_is_taken_again(fake: FakeVisits, tmp_path: Path) -> None:
    start(tmp_path / "one")
    fitness.SELFTEST.write_text("{")
    start(tmp_path / "two")
    assert len(fake.tried) == 2


def test_what_is_beyond_the_machine_is_refused_and_nothing_measured(fake: FakeVisits, tmp_path: Path) -> None:
    fake.found = replace(SELFTEST, users=50)
    with pytest.raises(BenchError, match=r"cannot keep 100 users busy: the selftest succeeded up to 50 users"):
        start(tmp_path / "run")
    assert fake.seen == []
    assert not (tmp_path / "run" / "run.json").exists()


def test_what_is_beyond_the_machine_is_measured_with_force_and_the_run_says_so(
    fake: FakeVisits, tmp_path: Path
) -> None:
    fake.found = replace(SELFTEST, users=50)
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=Path(), force=True)
    assert len(fake.seen) == 4
    notes = load_run(tmp_path / "run").notes
    assert "forced: this machine cannot keep 100 users busy: the selftest succeeded up to 50 users" in notes


def test_what_the_selftest_finds_unsound_is_noted_once(fake: FakeVisits, tmp_path: Path) -> None:
    fake.found = replace(SELFTEST, problems=("nothing is pinned here", "steal was high"))
    start(tmp_path / "run")
    pinned, steal = load_run(tmp_path / "run").notes
    assert pinned == "nothing is pinned here"
    assert re.fullmatch(r"selftest of 20\S+: steal was high", steal)
