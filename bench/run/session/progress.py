"""The progress of a run, on stderr: a live line on a terminal, else a plain log."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bench import units
from bench.judge.capacity.words import in_words
from bench.judge.cell.metrics import BY_NAME
from bench.judge.cell.wrong_answers import described
from bench.model.cell import SIDES, Cell, CellKey, Measurement
from bench.model.search import Key, Search, SearchKey
from bench.plan.duration import TimeLeft
from bench.plan.schedule import cell_name


class RunProgress:
    """A context that shows each cell's phase, and each finished cell with the time that is left.

    `cells` are all that will be measured, each with the seconds that it should take.
    """

    def __init__(self, cells: Iterable[tuple[Key, float]], console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        planned = list(cells)
        self._cells = len(planned)
        self._left = TimeLeft(planned)
        self._finished = 0
        self._last_s = time.monotonic()
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
        self._task = self._bar.add_task("", total=self._cells)

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, key: Key, name: str, live: str = "") -> None:
        """Show what is being done for which cell, and how it goes: it is running, until it is judged."""
        done = f"running, {name}, {live}" if live else f"running, {name}"
        self._bar.update(self._task, description=f"{cell_name(key)}: {done}{self._time_left()}", refresh=True)

    def finish(self, cell: Cell, key: CellKey) -> None:
        """Show the figures, problems and wrong answers of a finished cell."""
        self._count(key)
        sides = dict(zip(SIDES if len(cell.measurements) > 1 else ("",), cell.measurements, strict=True))
        figures = "; ".join(f"{side} {_figures(one)}".strip() for side, one in sides.items())
        self.say(f"{self._finished}/{self._cells} {cell_name(key)}: {cell.outcome}, {figures}{self._time_left()}")
        for side, one in sides.items():
            for problem in one.problems:
                self.say(f"    {f'{side} {problem.name}'.strip()}: {problem.detail}")
            for wrong in one.wrong_answers:
                self.say(f"    {f'{side} first'.strip()} {described(wrong)}")

    def finish_search(self, found: Search, key: SearchKey) -> None:
        """Show what a search found, and the wrong answers."""
        self._count(key)
        self.say(f"{self._finished}/{self._cells} {cell_name(key)}: {in_words(found)}{self._time_left()}")
        for wrong in found.wrong_answers:
            self.say(f"    first {described(wrong)}")

    def fail(self, key: Key, why: str) -> None:
        """Show why a cell could not be measured."""
        self._count(key)
        self.say(f"{self._finished}/{self._cells} {cell_name(key)}: FAILED {why}")

    def _count(self, key: Key) -> None:
        now_s = time.monotonic()
        self._left.finish(key, now_s - self._last_s)
        self._finished += 1
        self._last_s = now_s
        self._bar.update(self._task, completed=self._finished, description="", refresh=True)

    def say(self, line: str) -> None:
        """Show a line that stays."""
        self.console.print(line, markup=False)

    def _time_left(self) -> str:
        left_s = self._left.total_s - (time.monotonic() - self._last_s)
        return f" ({units.clock(max(left_s, 0.0))} left)"


def _figures(measurement: Measurement) -> str:
    rps, p95_s = (BY_NAME[name].value(measurement) for name in ("throughput", "p95"))
    return f"{_or_unreliable(units.rate, rps)}, P95 {_or_unreliable(units.seconds, p95_s)}"


def _or_unreliable(shown: Callable[[float], str], figure: float | None) -> str:
    return "unreliable" if figure is None else shown(figure)
