"""A recorded run, judged again from its raw samples, with the curves and time lines that the charts show of it."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError, cut
from bench.judge.capacity.grid import LOWEST_RPS
from bench.judge.capacity.judge import judged_again
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.judge import Recording, judge_cell
from bench.judge.cell.percentiles import Curve, curve
from bench.judge.cell.timeline import Timeline, timeline
from bench.judge.stacks.limits import compared
from bench.model.cell import Cell, CellKey, Probe
from bench.model.config import Load
from bench.model.loads import amount
from bench.model.run import Run
from bench.model.samples import Samples
from bench.model.search import Search
from bench.plausible import check
from bench.record import store

AS_RECORDED = "Judged by the figures that it recorded: its raw samples are not there."
AHEAD = 2
"""Cells whose samples are read while another is judged: to decompress them leaves the interpreter free."""

AHEAD_BYTES = 128_000_000
"""What the samples of these cells may take; a cell that takes more is read alone."""

LONGEST_REASON = 300


@contextmanager
def understood(*folders: Path) -> Iterator[None]:
    """Whatever is done with the runs of these folders.

    A run may come from anybody, and what is in it may be anything. So an exception that no rule foresaw says that the
    run makes no sense: it becomes a BenchError. Whoever looks for a fault of this program finds it as its cause.
    """
    try:
        yield
    except (BenchError, ImportError, SyntaxError):
        raise
    except Exception as error:
        names = " and ".join(map(str, folders))
        what = cut(f"{type(error).__name__}: {error}", LONGEST_REASON)
        raise BenchError(f"{names} cannot be used: its data make no sense, or this is a fault here ({what})") from error


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run, its cells judged again, and by `Cell.order` what its charts show of the raw samples.

    `curves`: of the cells under the loads of `curve_loads`; `timelines`: of every cell. Both are empty where no charts
    were asked for, and of an A/B, which has two servers in a cell. `timed`: the cell whose time line is drawn.
    """

    run: Run
    curves: Mapping[int, Curve]
    timelines: Mapping[int, Timeline]
    timed: int | None = None


def read_run(folder: Path, *, charts: bool = False, cell: int | None = None) -> JudgedRun:
    """The run of the folder; a cell without samples is taken as it was recorded.

    `cell`: the order of the cell whose time line is drawn. Without it that is the last round of the headline's first
    stack, under the first scenario and its highest closed load, else open one, or what comes nearest to it. The samples
    of each cell are read once and not kept. Raises BenchError where they, or the run, cannot be used, and where the
    cell that was asked for has none.
    """
    run = store.load_run(folder)
    check(run, folder)
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
                timelines[recorded.order] = _timeline(run, recorded, samples) if charts and _charted(recorded) else None
            except (ValueError, LookupError, ArithmeticError) as error:
                message = f"the samples of cell {recorded.order} in {folder} cannot be judged: {error}"
                raise BenchError(message) from error
            del samples  # before the next cell's are waited for
    searches = tuple(_searched_again(run, folder, one) for one in run.searches)
    bare = any(one.samples is None and one.outcome != "failed" for one in run.cells)
    return JudgedRun(
        replace(run, cells=compared(cells), searches=searches, notes=(*run.notes, *([AS_RECORDED] if bare else []))),
        {order: found for order, found in curves.items() if found is not None},
        {order: shown for order, shown in timelines.items() if shown is not None},
        timed,
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
    """The order of the cell whose time line is drawn; None where no cell has one.

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
    return _has_samples(cell) and len(cell.measurements) == 1


def _curve(run: Run, cell: Cell, samples: Samples) -> Curve | None:
    return None if cell.window is None else curve(samples, cell.window, run.config.scenarios[cell.scenario].timeout_s)


def _timeline(run: Run, cell: Cell, samples: Samples) -> Timeline | None:
    timeout_s = run.config.scenarios[cell.scenario].timeout_s
    return None if cell.window is None else timeline(samples, cell.window, timeout_s)


def _with_samples(folder: Path, cells: Sequence[Cell], readers: Executor) -> Iterator[tuple[Cell, Samples | None]]:
    """Each cell with its samples, None where it has none; those of a few further cells are being read meanwhile."""
    ahead: deque[tuple[Cell, int, Future[Samples | None]]] = deque()
    seen: set[str] = set()
    for cell in cells:
        if cell.samples in seen:
            name = cut(str(cell.samples), LONGEST_REASON)
            raise BenchError(f"{folder}/run.json is damaged: two of its cells have the samples {name}")
        seen |= {cell.samples} if cell.samples is not None else set()
        size_bytes = store.samples_bytes(folder, cell) if _has_samples(cell) else 0
        while ahead and (len(ahead) > AHEAD or size_bytes + sum(size for _, size, _ in ahead) > AHEAD_BYTES):
            earlier, _, reading = ahead.popleft()
            yield earlier, reading.result()
        ahead.append((cell, size_bytes, readers.submit(_samples, folder, cell)))
    for cell, _, reading in ahead:
        yield cell, reading.result()


def _has_samples(cell: Cell) -> bool:
    return cell.samples is not None and cell.probe is not None


def _samples(folder: Path, cell: Cell) -> Samples | None:
    return store.load_samples(folder, cell) if _has_samples(cell) else None


def _searched_again(run: Run, folder: Path, search: Search) -> Search:
    """The search judged again, if it has samples."""
    if search.samples is None:
        return search
    samples = store.load_samples(folder, search)
    try:
        return judged_again(search, _conditions(run, search, search.sought.load(LOWEST_RPS)), samples)
    except (ValueError, LookupError, ArithmeticError) as error:
        message = f"the samples of search {search.order} in {folder} cannot be judged: {error}"
        raise BenchError(message) from error


def _conditions(run: Run, one: Cell | Search, load: Load) -> Conditions:
    stack = run.config.stacks[one.stack]
    return Conditions(
        stack,
        run.config.scenarios[one.scenario],
        load,
        len(run.server_cpus) or run.machine.cpus,
        len(run.load_cpus) or run.machine.cpus,
        pinned=bool(run.server_cpus),
        other_spread=run.other_spread,
        companions=run.config.companions_of(stack),
    )


def _judged(run: Run, cell: Cell, probe: Probe, samples: Samples) -> Cell:
    """The cell judged again. Raises ValueError or LookupError where the samples do not fit it."""
    conditions = _conditions(run, cell, cell.load)
    served = [one.upstream for one in cell.measurements if one.upstream is not None]
    window = None if cell.slices else cell.window
    key = CellKey(cell.stack, cell.scenario, cell.load, cell.round, cell.order)
    wrong_answers = [one.wrong_answers for one in cell.measurements]
    recording = Recording(samples, served, probe, window, cell.slices, cell.circumstances, wrong_answers)
    again = judge_cell(key, conditions, recording)
    return replace(again, samples=cell.samples)
