"""The recording of a run while it goes on: each cell as soon as it is judged."""

from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.judge.cell.kinds import FAILED
from bench.model.cell import SIDES, Cell, CellKey, Measurement, Problem
from bench.model.run import Run
from bench.model.samples import Samples
from bench.model.search import Key, Search, SearchKey
from bench.places import COMMAND
from bench.plan.schedule import cell_name
from bench.record import store
from bench.run.session.progress import RunProgress


class Recorder:
    """Saves the run after each cell, and knows the current cell and its phase."""

    def __init__(self, run: Run, folder: Path, progress: RunProgress) -> None:
        self.run = run
        self.folder = folder
        self.cells = list(run.cells)
        self.searches = list(run.searches)
        self.progress = progress
        self.current = ""
        self.key: Key | None = None

    def phase(self, key: Key, name: str, live: str = "") -> None:
        """Note what is being done for which cell, and show how it goes."""
        self.key = key
        self.current = name
        self.progress.phase(key, name, live)

    def where(self) -> str:
        """What was being done, and how to go on with it."""
        during = f"{cell_name(self.key)}, in phase {self.current}; " if self.key is not None else ""
        kept = f"{len(self.cells)} finished {'cell is' if len(self.cells) == 1 else 'cells are'} kept in {self.folder}"
        if self.run.ab is not None:  # the two revisions are gone with their session
            shown = f": show them with {COMMAND} diff {self.folder}" if self.cells else ""
            return f"{during}{kept}{shown}"
        return f"{during}{kept}: go on with {COMMAND} run --resume {self.folder}"

    def record(self, key: CellKey, cell: Cell, samples: Samples) -> None:
        """Keep a cell and its raw samples."""
        self.phase(key, "record")
        file = store.save_samples(self.folder, key.order, samples)
        self._save(replace(cell, samples=file))
        self.progress.finish(cell, key)

    def record_search(self, key: SearchKey, found: Search, samples: Samples) -> None:
        """Keep a search and its raw samples."""
        file = store.save_samples(self.folder, key.order, samples, "searches")
        self._save_search(replace(found, samples=file))
        self.progress.finish_search(found, key)

    def fail_search(self, key: SearchKey, error: BenchError) -> None:
        """Keep that a search failed, and why."""
        detail = f"{self.current}: {error}"
        self._save_search(Search(key.stack, key.scenario, key.sought, key.round, key.order, "failed", why=detail))
        self.progress.fail(key, f"in phase {detail}")

    def fail(self, key: CellKey, error: BenchError) -> None:
        """Keep that a cell could not be measured, and why."""
        detail = f"{self.current}: {error}"
        failed = Measurement("failed", (Problem(FAILED, detail),))
        servers = 1 if self.run.ab is None else len(SIDES)
        self._save(Cell(key.stack, key.scenario, key.load, key.round, key.order, (failed,) * servers))
        self.progress.fail(key, f"in phase {detail}")

    def _save(self, cell: Cell) -> None:
        self.cells.append(cell)
        self.cells.sort(key=lambda recorded: recorded.order)
        self._write()

    def _save_search(self, found: Search) -> None:
        self.searches.append(found)
        self.searches.sort(key=lambda recorded: recorded.order)
        self._write()

    def _write(self) -> None:
        store.save_run(self.folder, replace(self.run, cells=tuple(self.cells), searches=tuple(self.searches)))
