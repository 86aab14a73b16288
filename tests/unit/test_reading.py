import shutil
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.judge.cell.percentiles import curve
from bench.judge.cell.timeline import timeline
from bench.judge.stacks.limits import compared
from bench.model.cell import Cell, CellKey, Circumstances
from bench.model.config import Closed, Load, Open
from bench.model.run import Run
from bench.model.samples import Samples
from bench.model.wrong_answer import WrongAnswer
from bench.reading import AHEAD, AS_RECORDED, JudgedRun, curve_loads, read_run
from bench.record import store
from bench.record.store import load_run, load_samples, save_run, save_samples
from tests.unit.builders import FASTAPI, FLASK, SYNC, WINDOW, changed, plan, run_of, save
from tests.unit.judge.cell.test_slices import FIVE_PAIRS
from tests.unit.judge.cell.test_slices import PLAN as SLICED
from tests.unit.judge.cell.test_slices import session as sliced
from tests.unit.sessions import ab_run, session

SHAPES = {"flask": FLASK, "loop": FASTAPI, "sync": SYNC}
FAST = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
FIVE, TEN = Closed(users=5), Closed(users=10)
PLAN = plan(
    SHAPES, {"weather": (5, 10), "health": (10,)}, rounds=2, rates={"weather": (50.0, 100.0)}, max_users={"sync": 5}
)
LAST: tuple[str, str, Load, int] = ("loop", "weather", TEN, 2)
"""The cell whose time line is drawn: the headline is the plan's second stack against its first."""

Which = Callable[[CellKey], bool]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    save(folder, PLAN, SHAPES)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy, for a test may change it."""
    return shutil.copytree(saved, tmp_path / "run")


def as_compared(run: Run) -> Run:
    """The run with the bottlenecks that its cells show only together."""
    return replace(run, cells=compared(run.cells))


def which(cell: Cell) -> tuple[str, str, Load, int]:
    return cell.stack, cell.scenario, cell.load, cell.round


def timed(reading: JudgedRun) -> tuple[str, str, Load, int]:
    """The cell whose time line is drawn."""
    assert reading.timed in reading.timelines
    return which(next(cell for cell in reading.run.cells if cell.order == reading.timed))


def spoilt(folder: Path, change: Callable[[Cell], Cell]) -> Run:
    """The run as it was, of which run.json now says something else."""
    run = load_run(folder)
    save_run(folder, replace(run, cells=tuple(change(cell) for cell in run.cells)))
    return run


def test_cells_are_judged_again_from_their_samples_whatever_run_json_says(folder: Path) -> None:
    run = spoilt(folder, lambda cell: changed(cell, throughput_rps=1e9, in_flight=None, problems=(), memory=None))
    assert {cell.outcome for cell in run.cells} == {"ok"}
    assert {type(cell.load) for cell in run.cells} == {Closed, Open}
    assert read_run(folder).run == as_compared(run)


def test_cores_that_were_not_pinned_are_all_of_the_machine(folder: Path) -> None:
    run = load_run(folder)
    save_run(folder, replace(run, server_cpus=(), load_cpus=()))
    found = [one.cpu.server_steal for cell in read_run(folder).run.cells if (one := cell.measurement).cpu is not None]
    assert len(found) == len(run.cells)
    assert found == pytest.approx([0.01] * len(found))  # 0.02 of one core, and there are two


def test_without_charts_there_are_no_curves_and_no_time_lines(folder: Path) -> None:
    found = read_run(folder, cell=3)
    assert (found.curves, found.timelines, found.timed) == ({}, {}, None)
    assert read_run(folder, charts=True).run == found.run


def test_the_highest_load_of_each_scenario_and_model_has_curves_of_all_its_stacks_and_rounds(folder: Path) -> None:
    found = read_run(folder, charts=True)
    assert curve_loads(found.run) == {
        ("weather", "closed"): TEN, ("weather", "open"): FAST, ("health", "closed"): TEN,
    }  # fmt: skip
    shown = {which(cell) for cell in found.run.cells if cell.order in found.curves}
    # A stack that is kept from that load has none.
    assert shown == {
        *((stack, "weather", FAST, number) for stack in SHAPES for number in (1, 2)),
        *((stack, "weather", TEN, number) for stack in ("flask", "loop") for number in (1, 2)),
        *((stack, "health", TEN, number) for stack in ("flask", "loop") for number in (1, 2)),
    }


def test_curves_and_the_time_lines_of_all_cells_are_those_of_the_raw_samples(folder: Path) -> None:
    found = read_run(folder, charts=True)
    for cell in found.run.cells:
        raw = load_samples(folder, cell)
        if cell.order in found.curves:
            assert found.curves[cell.order] == curve(raw, WINDOW, 30.0)
        assert found.timelines[cell.order] == timeline(raw, WINDOW, 30.0)
    assert (len(found.curves), len(found.timelines)) == (14, len(found.run.cells))


@pytest.mark.parametrize(
    ("fails", "load"),
    [
        pytest.param(lambda key: key.load == TEN and key.stack == "loop", TEN, id="one stack"),
        pytest.param(lambda key: key.load == TEN, FIVE, id="all stacks"),
    ],
)
def test_a_load_under_which_nothing_was_measured_is_not_the_highest(fails: Which, load: Load, tmp_path: Path) -> None:
    assert curve_loads(save(tmp_path, PLAN, SHAPES, fails=fails))["weather", "closed"] == load


@pytest.mark.parametrize(
    ("fails", "shown"),
    [
        pytest.param(lambda _: False, LAST, id="its last round"),
        pytest.param(lambda key: key.round == 2 and key.stack == "loop", (*LAST[:3], 1), id="an earlier round"),
        pytest.param(lambda key: key.load == TEN, ("loop", "weather", FIVE, 2), id="a lower load"),
        pytest.param(
            lambda key: isinstance(key.load, Closed) and key.scenario == "weather",
            ("loop", "weather", FAST, 2),
            id="an open load",
        ),
        pytest.param(lambda key: key.scenario == "weather", ("loop", "health", TEN, 2), id="another scenario"),
        pytest.param(lambda key: key.stack == "loop", ("flask", "weather", TEN, 2), id="another stack"),
    ],
)
def test_the_time_line_is_of_the_headlines_first_stack_or_what_comes_nearest(
    fails: Which, shown: tuple[str, str, Load, int], tmp_path: Path
) -> None:
    save(tmp_path, PLAN, SHAPES, fails=fails)
    assert timed(read_run(tmp_path, charts=True)) == shown


def test_a_run_without_a_headline_shows_its_first_stack(tmp_path: Path) -> None:
    save(tmp_path, replace(PLAN, profile=replace(PLAN.profile, compare=None)), SHAPES)
    assert timed(read_run(tmp_path, charts=True)) == ("flask", "weather", TEN, 2)


def test_the_time_line_of_a_cell_can_be_asked_for(folder: Path) -> None:
    assert read_run(folder, charts=True, cell=3).timed == 3


def test_a_time_line_that_cannot_be_shown_is_an_error(tmp_path: Path) -> None:
    save(tmp_path, PLAN, SHAPES, fails=lambda key: key.order == 2)
    for order in (2, 999):
        with pytest.raises(BenchError, match=f"has no raw samples of a cell {order}, of which a time line"):
            read_run(tmp_path, charts=True, cell=order)


def test_a_failed_cell_stays_failed_and_does_not_make_the_others_recorded_ones(tmp_path: Path) -> None:
    run = save(tmp_path, PLAN, SHAPES, fails=lambda key: key.stack == "loop")
    found = read_run(tmp_path, charts=True)
    assert found.run == as_compared(run)
    assert all(cell.stack != "loop" for cell in found.run.cells if cell.order in found.curves)


def test_a_run_whose_samples_are_not_there_is_taken_as_recorded_and_says_so(folder: Path) -> None:
    run = load_run(folder)
    bare = replace(run, cells=tuple(changed(replace(cell, samples=None), throughput_rps=7.0) for cell in run.cells))
    save_run(folder, bare)
    found = read_run(folder, charts=True)
    assert found == JudgedRun(replace(as_compared(bare), notes=(*run.notes, AS_RECORDED)), {}, {})


def test_some_cells_without_samples_leave_the_others_judged(folder: Path) -> None:
    run = spoilt(
        folder, lambda cell: changed(replace(cell, samples=cell.samples if cell.order else None), throughput_rps=7.0)
    )
    found = read_run(folder, charts=True).run
    assert found.cells[1:] == as_compared(run).cells[1:]
    assert found.cells[0].measurement.throughput_rps == 7.0
    assert found.notes == (AS_RECORDED,)


def test_a_run_without_cells_has_nothing_to_show(tmp_path: Path) -> None:
    run = save(tmp_path, PLAN, SHAPES, skips=lambda _: True)
    assert read_run(tmp_path, charts=True) == JudgedRun(as_compared(run), {}, {})


def test_an_ab_is_judged_side_by_side_and_has_no_curve_or_time_line(tmp_path: Path) -> None:
    both = sliced(FIVE_PAIRS)
    judged = both.judged()
    cell = replace(judged, samples=save_samples(tmp_path, judged.order, both.samples))
    run = replace(run_of(SLICED, (cell,)), ab=ab_run((), family=()).ab)
    wrong = changed(cell, throughput_rps=1e9, memory=None)
    save_run(tmp_path, replace(run, cells=(wrong,)))
    assert read_run(tmp_path, charts=True) == JudgedRun(as_compared(run), {}, {})
    with pytest.raises(BenchError, match=f"no raw samples of a cell {cell.order}"):
        read_run(tmp_path, charts=True, cell=cell.order)


def test_an_ab_without_samples_is_taken_as_recorded(tmp_path: Path) -> None:
    run = session()
    save_run(tmp_path, run)
    assert read_run(tmp_path).run == replace(as_compared(run), notes=(*run.notes, AS_RECORDED))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda cell: replace(cell, stack="unheard-of"), "a stack or scenario not planned", id="stack"),
        pytest.param(lambda cell: replace(cell, scenario="unheard-of"), "not planned", id="scenario"),
        pytest.param(lambda cell: replace(cell, samples="cells/absent.npz"), "absent.npz cannot be read", id="samples"),
        pytest.param(
            lambda cell: replace(cell, window=replace(WINDOW, start_s=900.0, end_s=901.0)),
            "the samples of cell 0 in .* cannot be judged: no memory reading lies in the window",
            id="window",
        ),
    ],
)
def test_what_does_not_fit_together_is_an_error_that_names_it(
    change: Callable[[Cell], Cell], said: str, folder: Path
) -> None:
    spoilt(folder, change)
    with pytest.raises(BenchError, match=said):
        read_run(folder, charts=True)


def test_the_samples_of_each_cell_are_read_once_and_only_those_of_a_few_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = save(tmp_path, PLAN, SHAPES)
    read: list[int] = []
    arrays: list[weakref.ref[Any]] = []
    held: list[int] = []
    one_at_a_time = threading.Lock()

    def watched(folder: Path, cell: Cell) -> Samples:
        raw = load_samples(folder, cell)
        with one_at_a_time:
            read.append(cell.order)
            arrays.append(weakref.ref(raw.done_s))
            held.append(sum(array() is not None for array in arrays))
        return raw

    monkeypatch.setattr(store, "load_samples", watched)
    found = read_run(tmp_path, charts=True)
    assert sorted(read) == [cell.order for cell in run.cells]
    assert len(read) > 2 * (AHEAD + 3) >= 2 * max(held)
    assert [array() for array in arrays] == [None] * len(arrays)
    assert found.run == as_compared(run)


def test_what_was_seen_beside_the_samples_is_judged_again_too(folder: Path) -> None:
    seen = Circumstances("core 1 is used by another run", ("1 of 2 workers slept",))
    spoilt(folder, lambda cell: replace(cell, circumstances=seen))
    found = read_run(folder).run.cells[0]
    assert found.circumstances == seen
    assert {problem.name for problem in found.measurement.problems} >= {"cores shared", "workers not ready"}
    assert found.outcome == "invalid"


def test_wrong_answers_are_kept_when_a_cell_is_judged_again(folder: Path) -> None:
    busy = WrongAnswer("status 503", 503, ("Retry-After: 1",), "busy \\x1b", 5, "status 200")
    spoilt(folder, lambda cell: changed(cell, wrong_answers=(busy,)))
    cells = read_run(folder).run.cells
    assert {cell.measurement.wrong_answers for cell in cells} == {(busy,)}


def test_the_reference_run_comes_out_of_its_samples_again_to_the_digit() -> None:
    folder = Path(__file__).resolve().parents[2] / "results" / "reference"
    recorded, again = store.load_run(folder), read_run(folder).run
    assert recorded.searches
    assert again.searches == recorded.searches
    figures = ("outcome", "requests", "throughput_rps", "latency_s", "service_s", "in_flight", "memory", "cpu")
    for one, other in zip(recorded.cells, again.cells, strict=True):
        for name in figures:
            assert getattr(one.measurement, name) == getattr(other.measurement, name), (one.order, name)
