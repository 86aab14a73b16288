"""Runs that were recorded in schema 2: that of docs/method.md and the stored A/B sessions."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.judge.cell.conditions import Conditions
from bench.judge.cell.judge import Recording, judge_cell
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.model.cell import Cell, CellKey
from bench.model.run import SCHEMA_VERSION, Run
from bench.record import schema2, store
from tests.sessions.make import sessions

ROOT = Path(__file__).resolve().parents[3]
OMISSION = ROOT / "results" / "reference" / "omission"


NO_FIGURES = {"detail", "evidence", "limit"}
"""Later versions may write sentences differently, and name a cause only on better evidence."""


def different(recorded: Any, again: Any, place: str = "") -> Iterator[str]:
    """Where a recorded value is not the one that came out again; a value that was not recorded then may be anything."""
    if isinstance(recorded, dict):
        for name, value in recorded.items():
            yield from () if name in NO_FIGURES else different(value, again[name], f"{place}.{name}")
    elif isinstance(recorded, tuple):
        assert len(recorded) == len(again), place
        for number, (one, other) in enumerate(zip(recorded, again, strict=True)):
            yield from different(one, other, f"{place}[{number}]")
    elif recorded is not None and recorded != again:
        yield f"{place}: {recorded} is now {again}"


def judged(folder: Path, run: Run, cell: Cell) -> Cell:
    conditions = Conditions(
        run.config.stacks[cell.stack],
        run.config.scenarios[cell.scenario],
        cell.load,
        len(run.server_cpus) or run.machine.cpus,
        len(run.load_cpus) or run.machine.cpus,
    )
    assert cell.probe is not None
    assert cell.measurement.upstream is not None
    recording = Recording(store.load_samples(folder, cell), [cell.measurement.upstream], cell.probe, cell.window)
    key = CellKey(cell.stack, cell.scenario, cell.load, cell.round, cell.order)
    return replace(judge_cell(key, conditions, recording), samples=cell.samples)


def test_the_figures_that_were_recorded_come_out_of_the_samples_again_to_the_digit() -> None:
    assert json.loads((OMISSION / "run.json").read_bytes())["schema_version"] == schema2.VERSION
    run = store.load_run(OMISSION)
    assert run.schema_version == SCHEMA_VERSION
    for cell in run.cells:
        assert list(different(asdict(cell), asdict(judged(OMISSION, run, cell)))) == []


def test_readings_become_long_with_the_load_side_beside_the_server() -> None:
    run = store.load_run(OMISSION)
    samples = store.load_samples(OMISSION, run.cells[0])
    with np.load(OMISSION / str(run.cells[0].samples)) as old:
        assert samples.roles == ("server", "generator", "upstream", "harness")
        moments = len(old["mem_t_s"])
        assert np.bincount(samples.role).tolist() == [moments] * 4
        np.testing.assert_array_equal(samples.pss_bytes[samples.role == 0], old["pss_bytes"])
        np.testing.assert_array_equal(samples.cpu_user_s[samples.role == 1], old["generator_cpu_s"])
        np.testing.assert_array_equal(samples.cpu_user_s[samples.role == 3], old["sampler_cpu_s"])
        np.testing.assert_array_equal(samples.load_steal_s, old["load_steal_s"])
    assert set(samples.new_connection.tolist()) == {-1}  # it was not recorded then


def test_two_servers_of_an_ab_become_two_roles_and_the_load_side_is_counted_once() -> None:
    requests = {name: np.zeros(4) for name in ("scheduled_s", "sent_s", "done_s", "status", "bytes", "route", "slice")}
    old = {
        **requests,
        "arm": np.array([0, 1, 0, 1]),
        **{name: np.zeros(1) for name in ("beat_s", "beat_late_s")},
        "mem_t_s": np.array([1.0, 1.0, 2.0, 2.0]),
        "mem_arm": np.array([0, 1, 0, 1]),
        **{name: np.arange(4) for name in ("pss_bytes", "rss_bytes", "uss_bytes", "threads", "switches")},
        **{name: np.arange(4.0) for name in ("cpu_user_s", "cpu_system_s", "server_steal_s", "load_steal_s")},
        **{name: np.array([5.0, 5.0, 6.0, 6.0]) for name in ("generator_cpu_s", "upstream_cpu_s", "sampler_cpu_s")},
    }
    new = schema2.arrays_of(old)
    assert new["roles"].tolist() == ["base", "head", "generator", "upstream", "harness"]
    assert new["role"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert new["pss_bytes"].tolist() == [0, 2, 1, 3, -1, -1, -1, -1, -1, -1]
    assert new["cpu_user_s"].tolist() == [0, 2, 1, 3, 5, 6, 5, 6, 5, 6]
    assert new["anon_bytes"].tolist() == [-1] * 10  # the oldest runs have none
    assert new["cores_t_s"].tolist() == [1, 2]
    assert new["measurement"].tolist() == [0, 1, 0, 1]


def test_an_ab_has_two_measurements_in_each_cell_and_the_same_figures() -> None:
    run = store.load_run(ROOT / "tests" / "sessions" / "schema-2")
    assert {len(cell.measurements) for cell in run.cells} == {2}
    now = dict(sessions())["slower"]
    bare = (
        replace(cell, measurements=tuple(replace(one, slices=()) for one in cell.measurements)) for cell in now.cells
    )
    assert replace(run, ab=None) == replace(now, cells=tuple(bare), ab=None)
    assert run.ab is not None
    assert (run.ab.looks, run.ab.unchanged) == ((), False)


def test_an_ab_of_before_is_judged_by_the_figures_of_its_restarts() -> None:
    found = judge_paired(store.load_run(ROOT / "tests" / "sessions" / "schema-2"), Gate())
    assert [(one.metric.name, one.verdict) for one in found.deciding] == [("cpu", "regressed")]
    assert {one.verdict for one in found.findings[1:]} == {"passed"}


def test_a_failed_cell_of_an_ab_has_two_failed_measurements() -> None:
    failed = {
        "stack": "flask", "scenario": "weather", "load": {"model": "closed", "users": 1}, "round": 1, "order": 0,
        "outcome": "failed", "problems": [{"name": "failed", "detail": "start server", "voids": []}],
    }  # fmt: skip
    told = schema2.run_of({"schema_version": 2, "cells": [failed], "ab": {"pilots": []}}, 3)
    assert [one["outcome"] for one in told["cells"][0]["measurements"]] == ["failed", "failed"]
    assert schema2.run_of({"schema_version": 2, "cells": [failed], "ab": None}, 3)["cells"][0]["measurements"] == [
        {
            "outcome": "failed",
            "problems": failed["problems"],
            "send_delay_s": None,
            "upstream": None,
            "bottleneck": None,
        }
    ]
