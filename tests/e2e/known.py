"""Cells of which the truth is known: judged from arrays that were stored once, or measured now by the command line.

The tests that are given them do not know which. `python -m pytest tests/e2e -m live --update` stores anew what it
measures and finds as it should be.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from bench.judge.stacks.limits import compared
from bench.model.cell import Bottleneck, Cell
from bench.model.config import Closed, Load
from bench.reading import read_run
from bench.record.store import load_run, load_samples, save_run, save_samples

from .conftest import ROOT
from .harness import Harness, finish
from .witness import Witness

CONFIG = Path(__file__).with_name("apps") / "known.toml"
STORED = Path(__file__).with_name("stored")
TRIES = 2

Name = tuple[str, str, str]
"""Stack, scenario and load (`10 users`, `50/s`)."""

Wanted = Callable[[Cell], bool]

During = Callable[[Harness, "subprocess.Popen[str]", Path], None]
"""What is done to a run: given whoever started it, its process and its folder."""


class Known(Protocol):
    """The cells of one run."""

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted) -> Cell:
        """The cell, which is as wanted if the harness is right."""


def known(
    name: str, *words: str, during: During | None = None, slow: bool = True, by_hand: bool = False, cores: int = 2
) -> Any:
    """A fixture of this name: the cells of `bench run` with these words, as they are stored and as measured now.

    `during` is called when the run has begun and may disturb it. `slow`: only `make test-all` measures. `by_hand`: only
    who asks for it, as one who changes how causes are found does: `python -m pytest -m by_hand tests/e2e`. `cores`: so
    many are needed to measure.
    """
    marks = [pytest.mark.live, pytest.mark.by_hand if by_hand else pytest.mark.slow] if slow else [pytest.mark.live]
    if len(os.sched_getaffinity(0)) < cores:
        marks.append(pytest.mark.skip(reason=f"to measure takes {cores} cores"))

    @pytest.fixture(scope="module", params=["stored", pytest.param("live", marks=marks)], name=name)
    def cells(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
        if request.param == "stored":
            yield Stored(STORED / name)
            return
        live = Live(request.getfixturevalue("shared_harness"), tmp_path_factory.mktemp(name), words, during)
        yield live
        if request.config.getoption("--update"):
            live.store(STORED / name)

    return cells


class Stored:
    """The cells of a stored run, judged from its arrays."""

    def __init__(self, folder: Path) -> None:
        self.cells = _by_name(read_run(folder).run.cells)

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted) -> Cell:  # noqa: ARG002
        """The cell: a test says itself what it wants of it."""
        return self.cells[stack, scenario, load]


@dataclass(frozen=True, slots=True)
class Measured:
    """A cell, the folder of its run, and who watched the machine meanwhile."""

    cell: Cell
    folder: Path
    witness: Witness


@dataclass(slots=True)
class Live:
    """The cells of a run, measured when first asked for."""

    harness: Harness
    folder: Path
    words: tuple[str, ...]
    during: During | None = None
    runs: int = 0
    cells: dict[Name, Measured] = field(default_factory=dict)

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted) -> Cell:
        """The cell, measured again if the machine was disturbed, until it is as wanted or after TRIES.

        Skips the test where others disturbed the machine each time: then this is no place to find it.
        """
        name = (stack, scenario, load)
        if not self.cells:
            self.cells = self._measured()
        for _ in range(TRIES - 1):
            if wanted(self.cells[name].cell) or not self.cells[name].witness.disturbed:
                break
            self.cells[name] = self._measured("--scenarios", scenario)[name]
        found = self.cells[name]
        seen = found.cell.measurement
        print(found.witness, *name, seen.problems, seen.bottleneck, seen.cpu, sep=", ")
        found.witness.excuse(wanted(found.cell))
        return found.cell

    def _measured(self, *words: str) -> dict[Name, Measured]:
        """The cells of another run, of all or of what these words say."""
        out = self.folder / f"run {self.runs}"
        self.runs += 1
        with Witness() as witness:
            # --force: whether a disturbed selftest allows the load is not the question here.
            started = self.harness.start(
                "run", "--config", CONFIG, *self.words, *words, "--rounds", "1", "--out", out, "--force"
            )
            if self.during is not None:
                self.during(self.harness, started, out)
            done = finish(started)
        assert self.harness.left() == []
        cells = compared(load_run(out).cells)
        assert "failed" not in {cell.outcome for cell in cells}, done.err
        return {name: Measured(cell, out, witness) for name, cell in _by_name(cells).items()}

    def store(self, folder: Path) -> None:
        """Put the cells into a run folder that holds nothing else, and names no folder of this machine."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        cells = []
        for order, found in enumerate(self.cells.values()):
            name = save_samples(folder, order, load_samples(found.folder, found.cell))
            cells.append(replace(found.cell, order=order, samples=name))
        run = load_run(self.folder / "run 0")
        save_run(folder, replace(run, argv=("run", *self.words, "--rounds", "1"), cells=tuple(cells)))
        path = folder / "run.json"
        path.write_text(path.read_text().replace(f"{ROOT}/", "").replace(str(ROOT), "."), encoding="utf-8")


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


def _by_name(cells: Sequence[Cell]) -> dict[Name, Cell]:
    return {(cell.stack, cell.scenario, _load_name(cell.load)): cell for cell in cells}


def _load_name(load: Load) -> str:
    return f"{load.users} user{'' if load.users == 1 else 's'}" if isinstance(load, Closed) else f"{load.rate_rps:g}/s"
