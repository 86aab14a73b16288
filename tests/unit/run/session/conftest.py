"""What the tests of sessions share: see made_up.py."""

import tempfile
from pathlib import Path

import pytest

from bench.record import machine
from bench.run.cell import visit
from bench.run.host.cpus import CpuSets
from bench.run.host.owner import TOGETHER
from bench.run.session import fitness, folder, plain

from .made_up import HERE, FakeCells, FakeSelftest


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> FakeCells:
    made = FakeCells()
    monkeypatch.setattr(visit, "testbed", made.testbed)
    monkeypatch.setattr(visit, "run_cell", made.run_cell)
    return made


@pytest.fixture
def selftest(monkeypatch: pytest.MonkeyPatch) -> FakeSelftest:
    made = FakeSelftest()
    monkeypatch.setattr(fitness, "selftest", made)
    return made


@pytest.fixture
def results(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cells: FakeCells,  # noqa: ARG001
    selftest: FakeSelftest,  # noqa: ARG001
) -> Path:
    """The folder of results of a made-up machine, where nothing is really measured."""
    results = tmp_path / "results"
    monkeypatch.delenv(TOGETHER)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the locks are
    monkeypatch.setattr(folder, "RESULTS", results)
    monkeypatch.setattr(plain, "RESULTS", results)
    monkeypatch.setattr(fitness, "SELFTEST", results / "selftest.json")
    monkeypatch.setattr(plain, "cpu_sets", lambda _: CpuSets((), (), "nothing is pinned here"))
    monkeypatch.setattr(machine, "machine", lambda: HERE)
    monkeypatch.setattr(machine, "git_state", lambda *_: ("abc", False))
    monkeypatch.setattr(machine, "file_sha256", lambda _: "f" * 64)
    return results
