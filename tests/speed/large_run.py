"""A large recorded run, made up: as many cells and requests as a long session leaves, to time what reads them.

    python -m tests.speed.large_run FOLDER [--cells 300] [--requests 10000000]

A round is six stacks under two scenarios, three closed and two open loads each: 60 cells. There are as many rounds as
come nearest to the cells asked for, and all cells last as long as brings the requests to their number. Each is judged
and recorded as a real one, its rows in the order of the answers, its sampler at 1 Hz.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import units
from bench.model.cell import Cell, CellKey, Window
from bench.model.config import Load, Open, Plan, Timing
from bench.model.run import Run
from bench.model.samples import Floats, Samples
from bench.plan.schedule import visits
from bench.record.store import save_run
from tests.unit.builders import FASTAPI, FLASK, HOLD_S, SYNC, Shape, plan, readings_of, record, run_of

SHAPES = {
    "flask-sync": SYNC,
    "flask-gthread": FLASK,
    "flask-gevent": Shape(capacity_rps=624.0, pss_bytes=63_000_000, cpu_s=0.0010),
    "fastapi-httpx": Shape(capacity_rps=295.0, pss_bytes=56_000_000, cpu_s=0.0028),
    "fastapi-aiohttp": FASTAPI,
    "fastapi-threads": Shape(capacity_rps=361.0, slots=40, pss_bytes=57_000_000, cpu_s=0.0020),
}
HEADLINE = ("fastapi-aiohttp", "flask-gthread")
CAPACITY: Mapping[str, float] = {"weather": 1.0, "aggregated": 0.6}
"""By scenario, the share of its capacity that a stack has under it."""

USERS, RATES_RPS = (10, 100, 500), (40.0, 80.0)
CELLS_A_ROUND = len(SHAPES) * len(CAPACITY) * (len(USERS) + len(RATES_RPS))
WARMUP_SHARE = 0.1
BETWEEN_S = 20.0
FAILED_SHARE = 0.0005
SPREAD = 0.08
USER_BYTES = 20_000


def make(folder: Path, cells: int, requests: int) -> Run:
    """The run that now lies in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rounds = max(round(cells / CELLS_A_ROUND), 1)
    loads = dict.fromkeys(CAPACITY, USERS)
    planned = plan(SHAPES, loads, rounds=rounds, rates=dict.fromkeys(CAPACITY, RATES_RPS))
    keys = [key for cells in visits(planned, seed=7) for key in cells]
    length_s = requests / sum(rate_rps(key) for key in keys)
    warmup_s = WARMUP_SHARE * length_s
    timing = Timing(warmup_s, length_s - warmup_s, 3 * length_s)
    planned = replace(planned, profile=replace(planned.profile, timing=timing, compare=HEADLINE))
    with ThreadPoolExecutor(os.cpu_count()) as makers:
        recorded = tuple(makers.map(lambda key: made(folder, planned, key, length_s), keys))
    run = replace(run_of(planned, recorded), id="large")
    save_run(folder, run)
    return run


def rate_rps(key: CellKey) -> float:
    """The requests/s that the stack answers under that load."""
    if isinstance(key.load, Open):
        return key.load.rate_rps
    return min(SHAPES[key.stack].capacity_rps * CAPACITY[key.scenario], key.load.users / (1.05 * HOLD_S))


def made(folder: Path, planned: Plan, key: CellKey, length_s: float) -> Cell:
    """One cell, judged, its samples in the folder."""
    begin_s = 10_000 + key.order * (length_s + BETWEEN_S)
    users = 0 if isinstance(key.load, Open) else key.load.users
    window = Window(begin_s, begin_s + WARMUP_SHARE * length_s, begin_s + length_s, answered=users)
    return record(folder, planned, key, samples(key, window), window)


def samples(key: CellKey, window: Window) -> Samples:
    """The arrays of a cell, the same for the same key and window."""
    shape, random = SHAPES[key.stack], np.random.default_rng(key.order)
    scheduled_s, done_s = _requests(key.load, rate_rps(key) * random.lognormal(0, 0.01), window, random)
    order = np.argsort(done_s)
    scheduled_s, done_s = scheduled_s[order], done_s[order]
    count = len(done_s)
    zeros = np.zeros(count, dtype=np.int64)
    beat_s = np.arange(window.warmup_s, window.end_s, 0.01)
    t_s = np.arange(window.warmup_s - 1, window.end_s + 1.2)
    passed_s, readings = t_s - t_s[0], len(t_s)
    in_flight = key.load.rate_rps * HOLD_S if isinstance(key.load, Open) else key.load.users
    pss_bytes = (shape.pss_bytes + USER_BYTES * in_flight + random.normal(0, 2e5, readings)).astype(np.int64)
    cpu_s = np.asarray(np.searchsorted(done_s, t_s) * shape.cpu_s, dtype=np.float64)
    return Samples(
        scheduled_s=scheduled_s,
        sent_s=scheduled_s + random.exponential(2e-5, count),
        done_s=done_s,
        status=np.where(random.random(count) < FAILED_SHARE, -503, 200),
        bytes=np.full(count, 40),
        measurement=zeros,
        route=zeros,
        slice=zeros,
        new_connection=zeros,
        beat_s=beat_s,
        beat_late_s=random.exponential(2e-4, len(beat_s)),
        **readings_of(
            t_s,
            {
                "pss_bytes": pss_bytes,
                "anon_bytes": pss_bytes // 2,
                "rss_bytes": pss_bytes + 9_000_000,
                "uss_bytes": pss_bytes - 3_000_000,
                "cpu_user_s": cpu_s * 0.75,
                "cpu_system_s": cpu_s * 0.25,
                "threads": np.full(readings, 5),
                "switches": np.arange(readings) * 1000,
            },
            {"generator": 0.3, "upstream": 0.1, "harness": 0.01},
        ),
        cores_t_s=t_s,
        server_steal_s=passed_s * 0.02,
        load_steal_s=passed_s * 0.01,
        server_idle_s=np.full(len(passed_s), np.nan),
        load_idle_s=np.full(len(passed_s), np.nan),
    )


def _requests(load: Load, answered_rps: float, window: Window, random: np.random.Generator) -> tuple[Floats, Floats]:
    """When each request was due, and when it was done."""
    length_s = window.end_s - window.warmup_s
    if isinstance(load, Open):
        due_s = window.warmup_s + np.arange(int(length_s * load.rate_rps)) / load.rate_rps
        return due_s, due_s + 1.05 * HOLD_S * random.lognormal(0, SPREAD, len(due_s))
    typical_s = load.users / answered_rps
    each = int(1.1 * length_s / typical_s) + 10  # enough, however fast the user happens to be
    done_s = window.warmup_s + np.cumsum(typical_s * random.lognormal(0, SPREAD, (load.users, each)), axis=1)
    due_s = np.hstack([np.full((load.users, 1), window.warmup_s), done_s[:, :-1]])
    asked = due_s < window.end_s
    return due_s[asked], done_s[asked]


def main() -> int:
    """0 once the run is made."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.speed.large_run", description="Make up a large run.", allow_abbrev=False
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--requests", type=int, default=10_000_000)
    arguments = parser.parse_args()
    run = make(arguments.folder, arguments.cells, arguments.requests)
    size = sum(path.stat().st_size for path in arguments.folder.rglob("*") if path.is_file())
    asked = sum(served.hits["weather"] for cell in run.cells if (served := cell.measurement.upstream) is not None)
    said = f"{len(run.cells)} cells, {units.count(asked)} requests, {units.megabytes(size)}"
    print(f"{said} in {arguments.folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
