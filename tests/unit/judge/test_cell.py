from pathlib import Path

import pytest

import compare
from bench.judge.cell import judge_cell
from bench.model import CellKey, Load, Samples
from bench.record.store import load_samples, save_samples
from tests.unit.builders import FASTAPI, FLASK, SYNC, WINDOW, plan, samples, save, served

SHAPES = {"flask": FLASK, "loop": FASTAPI, "sync": SYNC}


def test_a_cell_is_judged_from_its_raw_samples_alone(tmp_path: Path) -> None:
    planned = plan(SHAPES, {"weather": (10,)}, rounds=2)
    run = save(tmp_path, planned, SHAPES)
    assert compare.judged(tmp_path) == run
    assert {cell.outcome for cell in run.cells} == {"ok"}


def test_samples_come_back_as_they_were_written(tmp_path: Path) -> None:
    planned = plan({"flask": FLASK}, {"weather": (10,)}, rounds=1)
    raw = samples(FLASK, 10, seed=3)
    key = CellKey("flask", "weather", Load("closed", 10), 1, 0)

    def judge(arrays: Samples) -> object:
        return judge_cell(
            key, planned.stacks["flask"], planned.scenarios["weather"], arrays, WINDOW, served(len(raw.status)),
            server_cpus=1, load_cpus=1,
        )  # fmt: skip

    run = save(tmp_path, planned, {"flask": FLASK})
    save_samples(tmp_path, 0, raw)
    assert judge(load_samples(tmp_path, run.cells[0])) == judge(raw)


def test_a_cell_has_every_figure_of_a_healthy_server() -> None:
    planned = plan({"flask": FLASK}, {"weather": (10,)})
    raw = samples(FLASK, 10, seed=3)
    cell = judge_cell(
        CellKey("flask", "weather", Load("closed", 10), 1, 0),
        planned.stacks["flask"],
        planned.scenarios["weather"],
        raw,
        WINDOW,
        served(len(raw.status)),
        server_cpus=1,
        load_cpus=1,
    )
    assert cell.outcome == "ok"
    assert cell.problems == ()
    assert cell.throughput_rps == pytest.approx(476, rel=0.05)
    assert cell.latency_s is not None
    assert cell.latency_s.p50 == pytest.approx(0.021, rel=0.05)
    assert cell.cpu is not None
    assert cell.cpu.server_s_per_request == pytest.approx(FLASK.cpu_s, rel=0.02)
    assert cell.lag_s is None
    assert cell.samples is None


def test_a_sampler_that_read_nothing_is_an_error() -> None:
    planned = plan({"flask": FLASK}, {"weather": (10,)})
    raw = samples(FLASK, 10, seed=3)
    late = WINDOW.end_s + 100
    with pytest.raises(ValueError, match="no memory reading"):
        judge_cell(
            CellKey("flask", "weather", Load("closed", 10), 1, 0),
            planned.stacks["flask"],
            planned.scenarios["weather"],
            raw,
            type(WINDOW)(late, late, late + 1),
            served(len(raw.status)),
            server_cpus=1,
            load_cpus=1,
        )
