"""Cells of which the truth is known: judged from arrays that were stored once, or measured now by the command line.

The tests that are given them do not know which. `python -m pytest tests/e2e -m live --update` stores anew what it
measures; only a quiet machine should.
"""

import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest

from bench.model.cell import Bottleneck, Cell
from bench.model.config import Closed, Load
from bench.reading import read_run
from bench.record.store import load_run

from .harness import Harness, finish

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("apps") / "known.toml"
STORED = Path(__file__).with_name("stored")
TRIES = 3
OTHERS_CORES = 0.05
"""A machine on which other programs use more of a core than this is no place to measure."""

NOISE = frozenset({"generator stalled", "generator late", "upstream late", "unsteady"})
"""Problems that other programs make."""

Wanted = Callable[[Cell], bool]

During = Callable[[Harness, "subprocess.Popen[str]", Path], None]
"""What is done to a run: given whoever started it, its process and its folder."""


class Known(Protocol):
    """The cells of one run, by stack, scenario and load (`10 users`, `50/s`)."""

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted, *, needs_core: bool = False) -> Cell:
        """The cell, as wanted if that can be had. `needs_core`: other programs on the core make it impossible."""

    def disturbed(self, scenario: str) -> bool:
        """Whether other programs disturbed the cells of the scenario."""


def known(name: str, *words: str, during: During | None = None, slow: bool = True) -> Any:
    """A fixture of this name: the cells of `bench run` with these words, as they are stored and as measured now.

    `during` is called when the run has begun and may disturb it. `slow`: only `make test-all` measures.
    """
    marks = [pytest.mark.live, *([pytest.mark.slow] if slow else [])]

    @pytest.fixture(scope="module", params=["stored", pytest.param("live", marks=marks)], name=name)
    def cells(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Known:
        if request.param == "stored":
            return Stored(STORED / name)
        live = Live(request.getfixturevalue("shared_harness"), tmp_path_factory.mktemp(name), words, during)
        if request.config.getoption("--update"):
            live.measure()
            keep(live.run(1), name)
        return live

    return cells


class Stored:
    """The cells of a stored run, judged from its arrays."""

    def __init__(self, folder: Path) -> None:
        self.cells = _by_name(read_run(folder).run.cells)

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted, *, needs_core: bool = False) -> Cell:  # noqa: ARG002
        """The cell."""
        return self.cells[stack, scenario, load]

    def disturbed(self, scenario: str) -> bool:  # noqa: ARG002
        """Never: what was disturbed is not stored."""
        return False


@dataclass(slots=True)
class Live:
    """The cells of a run, measured when first asked for, and again where other programs had the machine meanwhile."""

    harness: Harness
    folder: Path
    words: tuple[str, ...]
    during: During | None = None
    tries: int = 0
    others_cores: dict[str, float] = field(default_factory=dict)
    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted, *, needs_core: bool = False) -> Cell:
        """The cell: of the first run in which it is as wanted, or of the last.

        Only where other programs disturbed the run is the scenario run again, `TRIES` times in all. `needs_core`: what
        is wanted cannot be seen while others take a part of the core, so then the test is skipped.
        """
        if not self.tries:
            self.measure()
        for _ in range(TRIES - 1):
            if wanted(self.cells[stack, scenario, load]) or not self.disturbed(scenario):
                break
            self.measure("--scenarios", scenario)
        cell = self.cells[stack, scenario, load]
        others = f"other programs used {self.others_cores[scenario]:.2f} cores"
        found = cell.measurement
        told = f"{others}; {stack}, {scenario}, {load}: {found.problems}, {found.bottleneck}, {found.cpu}"
        print(told)
        if needs_core and self.disturbed(scenario) and not wanted(cell):
            pytest.skip(told)
        return cell

    def disturbed(self, scenario: str) -> bool:
        """Whether other programs disturbed the last run of the scenario."""
        return self.others_cores[scenario] > OTHERS_CORES

    def run(self, number: int) -> Path:
        """The folder of the n-th run, from 1."""
        return self.folder / f"run {number}"

    def measure(self, *words: str) -> None:
        """Run it all, or what these words say of it."""
        self.tries += 1
        out = self.run(self.tries)
        begun_s, busy_s, own_s = time.monotonic(), _busy_s(), _own_s()
        # --force: whether a disturbed selftest allows the load is not the question here.
        started = self.harness.start(
            "run", "--config", CONFIG, *self.words, *words, "--rounds", "1", "--out", out, "--force"
        )
        if self.during is not None:
            self.during(self.harness, started, out)
        done = finish(started)
        others_cores = (_busy_s() - busy_s - (_own_s() - own_s)) / (time.monotonic() - begun_s)
        assert self.harness.left() == []
        measured = _by_name(load_run(out).cells)
        assert "failed" not in {cell.outcome for cell in measured.values()}, done.err
        self.cells.update(measured)
        self.others_cores.update({scenario: others_cores for _, scenario, _ in measured})


def keep(folder: Path, name: str) -> None:
    """Store a run of which the truth is known: its run.json, which names no folder of this machine, and its arrays."""
    there = STORED / name
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(folder / "cells", there / "cells")
    text = (folder / "run.json").read_text(encoding="utf-8")
    text = text.replace(f"{ROOT}/", "").replace(str(ROOT), ".").replace(str(folder.parent), "measured")
    (there / "run.json").write_text(text, encoding="utf-8")


def problems_of(cell: Cell) -> set[str]:
    """The names of its problems."""
    return {problem.name for problem in cell.measurement.problems}


def bottleneck_of(cell: Cell) -> Bottleneck:
    """What limits it."""
    assert cell.measurement.bottleneck is not None
    return cell.measurement.bottleneck


def voided(cell: Cell, figure: str) -> set[str]:
    """The names of the problems that make a figure of a cell unreliable."""
    return {problem.name for problem in cell.measurement.problems if figure in problem.voids}


def _by_name(cells: Sequence[Cell]) -> dict[tuple[str, str, str], Cell]:
    return {(cell.stack, cell.scenario, _load_name(cell.load)): cell for cell in cells}


def _load_name(load: Load) -> str:
    return f"{load.users} users" if isinstance(load, Closed) else f"{load.rate_rps:g}/s"


def _busy_s() -> float:
    """CPU seconds of everything on the machine."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _own_s() -> float:
    """CPU seconds of all programs that these tests have started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
