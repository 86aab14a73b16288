"""What a plain run does before it measures anything: see made_up.py."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.errors import BenchError
from bench.model.config import Closed
from bench.record.store import load_run, save_selftest
from bench.run.host.signals import StopRequest
from bench.run.session import fitness, plain
from bench.run.session.selftest import Ladders

from .made_up import PLAN, SELFTEST, FakeCells, FakeSelftest, start

pytestmark = pytest.mark.usefixtures("results")


def test_the_error_for_more_users_than_open_files_has_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = SimpleNamespace(RLIMIT_NOFILE=7, RLIM_INFINITY=-1, getrlimit=lambda _: (256, 1024))
    monkeypatch.setattr(fitness, "resource", fake)
    with pytest.raises(
        BenchError, match=r"1000 requests in flight need 4200 open files in one process, but the limit is 1024"
    ):
        fitness.descriptors_for(1000)


@pytest.mark.parametrize("hard", [-1, 100_000])
def test_the_soft_limit_of_open_files_is_raised_as_far_as_needed(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
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


def test_a_trial_gets_as_many_open_files_as_the_hard_limit_allows(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_run_begins_with_a_selftest_of_what_its_plan_needs_and_keeps_it(
    selftest: FakeSelftest, tmp_path: Path
) -> None:
    start(tmp_path / "run")
    assert selftest.tried == [Ladders([], [100], [])]
    kept = load_run(tmp_path / "run").selftest
    assert kept is not None
    assert kept.users == 100


def test_a_selftest_is_reused_for_an_hour_by_runs_that_need_no_more(selftest: FakeSelftest, tmp_path: Path) -> None:
    start(tmp_path / "one")
    start(tmp_path / "two")
    assert len(selftest.tried) == 1
    assert load_run(tmp_path / "one").selftest == load_run(tmp_path / "two").selftest
    selftest.found = replace(SELFTEST, users=500)
    more = replace(PLAN, profile=replace(PLAN.profile, loads={"look": (Closed(users=500),)}))
    plain.start(more, 1, ["run"], tmp_path / "three", StopRequest(), code=Path())
    assert selftest.tried[1:] == [Ladders([], [500], [])]


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
    selftest: FakeSelftest, tmp_path: Path, change: dict[str, Any]
) -> None:
    start(tmp_path / "one")
    save_selftest(fitness.SELFTEST, replace(SELFTEST, **{"taken": datetime.now(UTC).isoformat(), **change}))
    start(tmp_path / "two")
    assert len(selftest.tried) == 2


def test_a_selftest_whose_file_is_damaged_is_taken_again(selftest: FakeSelftest, tmp_path: Path) -> None:
    start(tmp_path / "one")
    fitness.SELFTEST.write_text("{")
    start(tmp_path / "two")
    assert len(selftest.tried) == 2


def test_a_load_that_the_machine_cannot_measure_is_refused_and_nothing_is_measured(
    selftest: FakeSelftest, cells: FakeCells, tmp_path: Path
) -> None:
    selftest.found = replace(SELFTEST, users=50)
    with pytest.raises(
        BenchError, match=r"this machine cannot keep 100 users busy: the selftest succeeded up to 50 users"
    ):
        start(tmp_path / "run")
    assert cells.started == []
    assert not (tmp_path / "run" / "run.json").exists()


def test_with_force_a_load_that_the_machine_cannot_measure_is_measured_and_the_run_notes_it(
    selftest: FakeSelftest, cells: FakeCells, tmp_path: Path
) -> None:
    selftest.found = replace(SELFTEST, users=50)
    plain.start(PLAN, 1, ["run"], tmp_path / "run", StopRequest(), code=Path(), force=True)
    assert len(cells.started) == 4
    notes = load_run(tmp_path / "run").notes
    assert "forced: this machine cannot keep 100 users busy: the selftest succeeded up to 50 users" in notes


def test_each_problem_that_the_selftest_finds_is_noted_once(selftest: FakeSelftest, tmp_path: Path) -> None:
    selftest.found = replace(SELFTEST, problems=("nothing is pinned here", "steal was high"))
    start(tmp_path / "run")
    pinned, steal = load_run(tmp_path / "run").notes
    assert pinned == "nothing is pinned here"
    assert re.fullmatch(r"selftest of 20\S+: steal was high", steal)
