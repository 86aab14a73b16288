"""Where a run stands, on stderr: a live line on a terminal, a plain log where there is none."""

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bench import units
from bench.judge.metrics import BY_NAME
from bench.model import ARMS, Arm, Cell, CellKey
from bench.plan.schedule import cell_name


class RunProgress:
    """A context that shows each cell's phase, and each finished cell with the time that is left.

    `cell_s` is how long a cell is thought to take until one has shown it.
    """

    def __init__(self, cells: int, cell_s: float, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._cells = cells
        self._cell_s = cell_s
        self._finished = 0
        self._begun_s = self._last_s = time.monotonic()
        # Refreshed by hand: a thread of its own would keep the load side's core busy.
        self._bar = Progress(
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            console=self.console,
            auto_refresh=False,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task("", total=cells)

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, key: CellKey, name: str) -> None:
        """Show what is being done for which cell."""
        left = self._time_left()
        self._bar.update(self._task, description=f"{cell_name(key)}: {name}{left}", refresh=True)

    def finish(self, cell: Cell, key: CellKey) -> None:
        """Show what a finished cell came to."""
        self._count()
        sides = dict(zip(ARMS, cell.arms, strict=True)) if cell.arms else {"": cell}
        figures = "; ".join(f"{arm} {_figures(side)}".strip() for arm, side in sides.items())
        self.say(f"{self._finished}/{self._cells} {cell_name(key)}: {cell.outcome}, {figures}{self._time_left()}")
        for arm, side in sides.items():
            for problem in side.problems:
                self.say(
                    f"    {arm} {problem.name}: {problem.detail}" if arm else f"    {problem.name}: {problem.detail}"
                )

    def fail(self, message: str) -> None:
        """Show why a cell could not be measured."""
        self._count()
        self.say(f"{self._finished}/{self._cells} {message}")

    def _count(self) -> None:
        self._finished += 1
        self._last_s = time.monotonic()
        self._bar.update(self._task, completed=self._finished, refresh=True)

    def say(self, line: str) -> None:
        """Show a line that stays."""
        self.console.print(line, markup=False)

    def _time_left(self) -> str:
        now_s = time.monotonic()
        cell_s = (self._last_s - self._begun_s) / self._finished if self._finished else self._cell_s
        left_s = cell_s * (self._cells - self._finished) - (now_s - self._last_s)
        return f" ({units.clock(max(left_s, 0.0))} left)"


def _figures(side: Cell | Arm) -> str:
    rps, p95_s = (BY_NAME[name].value(side) for name in ("throughput", "p95"))
    return f"{_or_void(units.rate, rps)}, P95 {_or_void(units.seconds, p95_s)}"


def _or_void(shown: Callable[[float], str], figure: float | None) -> str:
    return "void" if figure is None else shown(figure)
