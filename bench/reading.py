"""A recorded run, judged again from its raw samples, with the curves and time lines that the charts show of it."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from bench.errors import BenchError
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.judge import Recording, judge_cell
from bench.judge.cell.metrics import PAIRED
from bench.judge.cell.percentiles import Curve, curve
from bench.judge.cell.timeline import Timeline, timeline
from bench.judge.stacks.limits import compared
from bench.model.cell import SIDES, Cell, CellKey, Probe
from bench.model.config import Load
from bench.model.loads import amount
from bench.model.run import Run
from bench.model.samples import Samples
from bench.record import store

AS_RECORDED = "Judged by the figures that it recorded: its raw samples are not there."
AHEAD = 2
"""Cells whose samples are read while another is judged: to decompress them leaves the interpreter free."""


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run, its cells judged again, and by `Cell.order` what its charts show of the raw samples.

    `curves`: of the cells under the loads of `curve_loads`; `timelines`: of the cell that the time line shows. Both are
    empty where no charts were asked for, and of an A/B, which has two servers in a cell.
    """

    run: Run
    curves: Mapping[int, Curve]
    timelines: Mapping[int, Timeline]


def read_run(folder: Path, *, charts: bool = False, cell: int | None = None) -> JudgedRun:
    """The run of the folder; a cell without samples is taken as it was recorded.

    `cell`: the order of the cell whose time line is shown. Without it that is the last round of the headline's first
    stack, under the first scenario and its highest closed load, else open one, or what comes nearest to it. The samples
    of each cell are read once and not kept. Raises BenchError where they, or the run, cannot be used, and where the
    cell that was asked for has none.
    """
    run = store.load_run(folder)
    _check(run, folder)
    loads = curve_loads(run) if charts else {}
    timed = _timed(run, folder, cell) if charts else None
    cells: list[Cell] = []
    curves: dict[int, Curve | None] = {}
    timelines: dict[int, Timeline | None] = {}
    with ThreadPoolExecutor(AHEAD) as readers:
        for recorded, samples in _with_samples(folder, run.cells, readers):
            if samples is None or recorded.probe is None:
                cells.append(recorded)
                continue
            try:
                cells.append(_judged(run, recorded, recorded.probe, samples))
                curved = loads.get((recorded.scenario, recorded.load.model)) == recorded.load
                curves[recorded.order] = _curve(run, recorded, samples) if curved else None
                timelines[recorded.order] = _timeline(run, recorded, samples) if recorded.order == timed else None
            except (ValueError, LookupError) as error:
                message = f"the samples of cell {recorded.order} in {folder} cannot be judged: {error}"
                raise BenchError(message) from error
    bare = any(one.samples is None and one.outcome != "failed" for one in run.cells)
    return JudgedRun(
        replace(run, cells=compared(cells), notes=(*run.notes, *([AS_RECORDED] if bare else []))),
        {order: found for order, found in curves.items() if found is not None},
        {order: shown for order, shown in timelines.items() if shown is not None},
    )


def curve_loads(run: Run) -> Mapping[tuple[str, str], Load]:
    """The load whose percentile curves are shown, by scenario and load model: the highest that has samples."""
    recorded = {(cell.scenario, cell.load) for cell in run.cells if _charted(cell)}
    return {
        (scenario, load.model): load
        for scenario, loads in run.config.profile.loads.items()
        for load in sorted(loads, key=amount)  # the last of each model stays
        if (scenario, load) in recorded
    }


def _timed(run: Run, folder: Path, order: int | None) -> int | None:
    """The order of the cell whose time line is shown; None where no cell has one.

    Raises BenchError where the one that was asked for has none.
    """
    able = [cell for cell in run.cells if _charted(cell)]
    if order is not None:
        if order not in {cell.order for cell in able}:
            raise BenchError(f"{folder} has no raw samples of a cell {order}, of which a time line could be drawn")
        return order
    profile = run.config.profile
    stacks, scenarios = [*(profile.compare or ())[:1], *profile.stacks], list(profile.loads)

    def place(cell: Cell) -> tuple[int, int, bool, float, int]:
        closed = cell.load.model == "closed"
        return -stacks.index(cell.stack), -scenarios.index(cell.scenario), closed, amount(cell.load), cell.round

    return max(able, key=place).order if able else None


def _charted(cell: Cell) -> bool:
    """Whether there are samples of one server in one window: an A/B has slices of two."""
    return cell.samples is not None and cell.probe is not None and len(cell.measurements) == 1


def _curve(run: Run, cell: Cell, samples: Samples) -> Curve | None:
    return None if cell.window is None else curve(samples, cell.window, run.config.scenarios[cell.scenario].timeout_s)


def _timeline(run: Run, cell: Cell, samples: Samples) -> Timeline | None:
    timeout_s = run.config.scenarios[cell.scenario].timeout_s
    return None if cell.window is None else timeline(samples, cell.window, timeout_s)


def _with_samples(folder: Path, cells: Sequence[Cell], readers: Executor) -> Iterator[tuple[Cell, Samples | None]]:
    """Each cell with its samples, None where it has none; those of AHEAD further cells are being read meanwhile."""
    following = ((cell, readers.submit(_samples, folder, cell)) for cell in cells)
    ahead = deque(islice(following, AHEAD))
    while ahead:
        ahead.extend(islice(following, 1))
        cell, reading = ahead.popleft()
        yield cell, reading.result()


def _samples(folder: Path, cell: Cell) -> Samples | None:
    return None if cell.samples is None or cell.probe is None else store.load_samples(folder, cell)


def _judged(run: Run, cell: Cell, probe: Probe, samples: Samples) -> Cell:
    """The cell judged again. Raises ValueError or LookupError where the samples do not fit it."""
    conditions = Conditions(
        run.config.stacks[cell.stack],
        run.config.scenarios[cell.scenario],
        cell.load,
        len(run.server_cpus) or run.machine.cpus,
        len(run.load_cpus) or run.machine.cpus,
        pinned=bool(run.server_cpus),
        other_spread=run.other_spread,
    )
    served = [one.upstream for one in cell.measurements if one.upstream is not None]
    window = None if cell.slices else cell.window
    key = CellKey(cell.stack, cell.scenario, cell.load, cell.round, cell.order)
    wrong_answers = [one.wrong_answers for one in cell.measurements]
    recording = Recording(samples, served, probe, window, cell.slices, cell.circumstances, wrong_answers)
    again = judge_cell(key, conditions, recording)
    return replace(again, samples=cell.samples)


def _check(run: Run, folder: Path) -> None:
    """Raises BenchError where a cell, or the family of an A/B, is not of what was planned."""
    profile = run.config.profile
    servers = 1 if run.ab is None else len(SIDES)
    for cell in run.cells:
        if cell.stack not in profile.stacks or cell.scenario not in profile.loads:
            raise BenchError(f"{folder}/run.json is damaged: cell {cell.order} is of a stack or scenario not planned")
        if len(cell.measurements) != servers:
            found = f"cell {cell.order} has {len(cell.measurements)} measurements, not {servers}"
            raise BenchError(f"{folder}/run.json is damaged: {found}")
    for one in run.ab.family if run.ab is not None else ():
        if one.stack not in profile.stacks or one.scenario not in profile.loads or one.metric not in PAIRED:
            raise BenchError(f"{folder}/run.json is damaged: the family's {one.metric} of {one.stack} was not planned")
