"""What other tools get of a run: each reliable figure over the rounds, and what is left out because it is not one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.errors import plain
from bench.judge.capacity.rows import CapacityRow, capacity_rows
from bench.judge.cell.metrics import FIGURES, Metric, Unit
from bench.judge.gate import scale
from bench.judge.gate.evidence import missing_on_a_side, paired
from bench.judge.gate.policy import PAIRED
from bench.judge.stacks.rows import Row, comparable, grouped, rows
from bench.judge.stats.intervals import Estimate
from bench.model.cell import SIDES, Cell
from bench.model.config import Load, Sought
from bench.model.loads import objective_name
from bench.model.run import Run
from bench.show.text.titles import load_title


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure was measured. `load`: the load, or the objective of a capacity, in words."""

    stack: str
    scenario: str
    load: str

    def __str__(self) -> str:
        return plain(f"{self.stack}, {self.scenario}, {self.load}")


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured: a metric under its load, or a capacity. `title`: what it is called there."""

    name: str
    title: str
    unit: Unit
    better: Literal["higher", "lower"]
    joined: Literal["mean", "largest"] = "mean"


CAPACITY = Measure("capacity", "capacity", "requests/s", "higher")


@dataclass(frozen=True, slots=True)
class Reported:
    """A reliable figure over the rounds: that of the report, or of one side of an A/B, which has no interval.

    `windows_s`: how long each of these rounds was measured; empty of a capacity, whose windows are many.
    """

    place: Place
    measure: Measure
    found: Estimate
    windows_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A figure that is not exported, or, `partly`, not all of its rounds; `why` says how many, and the reason."""

    place: Place
    measure: Measure
    why: str
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a run, or of one side of an A/B."""

    reported: tuple[Reported, ...]
    left_out: tuple[LeftOut, ...]

    def only(self, wanted: Callable[[Measure], bool]) -> "Figures":
        """Those of the measures that are wanted."""
        return Figures(
            tuple(one for one in self.reported if wanted(one.measure)),
            tuple(one for one in self.left_out if wanted(one.measure)),
        )


def measure(metric: Metric, load: Load) -> Measure:
    """A metric as it is called under a load."""
    return Measure(metric.name, metric.under(load.model).title, metric.unit, metric.better, metric.joined)


def sought_title(sought: Sought) -> str:
    """What is sought, in place of a load: `P95 within 200 ms (Poisson)`."""
    return objective_name(sought.objective) + (" (Poisson)" if sought.arrivals == "poisson" else "")


def of_run(run: Run) -> Figures:
    """The figures of the report of a plain run: those of its rows, then its capacities."""
    groups = zip(rows(run.cells, run.config), grouped(run.cells, run.config), strict=True)
    parts = [
        *(part for row, cells in groups for part in _of_row(row, cells)),
        *(part for row in capacity_rows(run) for part in _of_capacity(row)),
    ]
    return _figures(parts)


def of_sides(run: Run) -> tuple[Figures, Figures]:
    """The figures of base and of head in an A/B: their means over the restarts that count in the verdict.

    Those that are compared by ratio: a share of failed requests is mostly 0.
    """
    groups = grouped(run.cells, run.config)
    sides = [_figures(part for cells in groups for part in _of_side(cells, side)) for side in range(len(SIDES))]
    return sides[0], sides[1]


def _figures(parts: Iterable[Reported | LeftOut]) -> Figures:
    every = tuple(parts)
    return Figures(
        tuple(one for one in every if isinstance(one, Reported)),
        tuple(one for one in every if isinstance(one, LeftOut)),
    )


def _of_row(row: Row, cells: Sequence[Cell]) -> Iterator[Reported | LeftOut]:
    place = Place(row.stack, row.scenario, load_title(row.load))
    for metric in FIGURES:
        named, found = measure(metric, row.load), row.estimates.get(metric.name)
        if found is not None:
            counted = [cell for cell in cells if comparable(metric, cell.measurement) is not None]
            yield Reported(place, named, found, _windows_s(counted))
        if (void := row.voids.get(metric.name)) is not None:
            why = f"{void.name}: {void.detail} ({void.rounds} of {row.rounds} rounds)"
            yield LeftOut(place, named, why, partly=found is not None)


def _of_capacity(row: CapacityRow) -> Iterator[Reported | LeftOut]:
    place, why = Place(row.stack, row.scenario, sought_title(row.sought)), "; ".join(row.why or row.endings)
    if row.rate_rps is None or row.at_least:
        yield LeftOut(place, CAPACITY, f"only a lower bound was found: {why}" if row.at_least else why)
        return
    yield Reported(place, CAPACITY, row.rate_rps)
    missing = row.rounds - len(row.rate_rps.values)
    if missing:
        yield LeftOut(place, CAPACITY, f"{why} ({missing} of {row.rounds} rounds)", partly=True)


def _of_side(cells: Sequence[Cell], side: int) -> Iterator[Reported | LeftOut]:
    """The figures of one side, by its number, under one load."""
    first = cells[0]
    place = Place(first.stack, first.scenario, load_title(first.load))
    for metric in PAIRED.metrics.values():
        if metric.compared_by == "difference":
            continue
        evidence, named = paired(metric, cells), measure(metric, first.load)
        values = evidence.values[side]
        if values:
            counted = [cell for cell in cells if not missing_on_a_side(metric, cell)]
            found = Estimate(scale.mean(metric, values), None, None, values)
            yield Reported(place, named, found, _windows_s(counted))
        why = evidence.ruling.because if evidence.ruling is not None and not values else evidence.left_out
        if why or not values:
            yield LeftOut(place, named, why or "nothing was recorded", partly=bool(values))


def _windows_s(cells: Iterable[Cell]) -> tuple[float, ...]:
    return tuple(0.0 if cell.window is None else cell.window.end_s - cell.window.start_s for cell in cells)
