"""Cells that the real command line measured, measured again where other programs had the machine meanwhile."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from .harness import Harness, run_json

APPS = (Path(__file__).parent / "apps").resolve()
TRIES = 3
OTHERS_CORES = 0.05
"""A machine on which other programs use more of a core than this is no place to measure."""

NOISE = frozenset({"generator stalled", "generator late", "upstream late", "unsteady"})
"""Problems that other programs make."""

Cell = dict[str, Any]
Wanted = Callable[[Cell], bool]


@dataclass(slots=True)
class Cells:
    """The cells of one `bench run`, by stack, scenario and load (`10 users`, `50/s`); run when first asked for."""

    harness: Harness
    folder: Path
    words: tuple[str | Path, ...]
    tries: int = 0
    others_cores: dict[str, float] = field(default_factory=dict)
    measured: dict[tuple[str, str, str], Cell] = field(default_factory=dict)

    def find(self, stack: str, scenario: str, load: str, wanted: Wanted, *, needs_core: bool = False) -> Cell:
        """The cell: of the first run in which it is as wanted, or of the last.

        Only where other programs disturbed the run is the scenario run again, `TRIES` times in all. `needs_core`: what
        is wanted cannot be seen while others take a part of the core, so then the test is skipped.
        """
        if not self.tries:
            self._run(())
        for _ in range(TRIES - 1):
            if wanted(self.measured[stack, scenario, load]) or not self.disturbed(scenario):
                break
            self._run(("--scenarios", scenario))
        told = self._told(stack, scenario, load)
        print(told)
        if needs_core and self.disturbed(scenario) and not wanted(self.measured[stack, scenario, load]):
            pytest.skip(told)
        return self.measured[stack, scenario, load]

    def disturbed(self, scenario: str) -> bool:
        """Whether other programs disturbed the last run of the scenario."""
        return self.others_cores[scenario] > OTHERS_CORES

    def _told(self, stack: str, scenario: str, load: str) -> str:
        cell = self.measured[stack, scenario, load]
        others = f"other programs used {self.others_cores[scenario]:.2f} cores"
        return f"{others}; {stack}, {scenario}, {load}: {cell['problems']}, {cell['ceiling']}, {cell['cpu']}"

    def _run(self, words: Sequence[str]) -> None:
        self.tries += 1
        out = self.folder / f"run {self.tries}"
        begun_s, busy_s, own_s = time.monotonic(), _busy_s(), _own_s()
        # --force: whether a disturbed selftest allows the load is not the question here.
        done = self.harness.run("run", *self.words, *words, "--rounds", "1", "--out", out, "--force")
        others_cores = (_busy_s() - busy_s - (_own_s() - own_s)) / (time.monotonic() - begun_s)
        assert done.code == 0, done.err
        assert self.harness.left() == []
        for cell in run_json(out)["cells"]:
            self.measured[cell["stack"], cell["scenario"], load_of(cell)] = cell
            self.others_cores[cell["scenario"]] = others_cores


def load_of(cell: Cell) -> str:
    """`10 users` or `50/s`."""
    load = cell["load"]
    return f"{load['users']} users" if load["model"] == "closed" else f"{load['rate_rps']:g}/s"


def problems_of(cell: Cell) -> set[str]:
    """The names of its problems."""
    return {problem["name"] for problem in cell["problems"]}


def _busy_s() -> float:
    """CPU seconds of everything on the machine."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _own_s() -> float:
    """CPU seconds of all programs that these tests have started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
