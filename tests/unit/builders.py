"""Synthetic runs: raw samples of a made-up server, judged and recorded as a real session does it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.judge.cell.conditions import Conditions
from bench.judge.cell.judge import Recording, judge_cell
from bench.judge.cell.problems import nothing_served, outcome, service_errors
from bench.model.cell import (
    SIDES,
    Bottleneck,
    Cell,
    CellKey,
    Cpu,
    Distribution,
    Limit,
    Measurement,
    Memory,
    MemoryFigure,
    Probe,
    Problem,
    Requests,
    UpstreamServed,
    Window,
)
from bench.model.config import Closed, Load, Open, Plan, Profile, Scenario, Stack, Timing, UpstreamCall
from bench.model.run import SCHEMA_VERSION, Machine, Run
from bench.model.samples import TABLES, Samples
from bench.plan.schedule import visits
from bench.record.store import save_run, save_samples

WINDOW = Window(warmup_s=100.0, start_s=100.5, end_s=101.5, answered=1000)
HOLD_S = 0.02
PROBE = Probe(before_s=0.020, after_s=0.021)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a made-up stack behaves: it answers at most `capacity_rps`, and never faster than the upstream."""

    capacity_rps: float
    slots: int | None = None
    pss_bytes: int = 60_000_000
    cpu_s: float = 0.0008


FLASK = Shape(capacity_rps=845.0, slots=100, pss_bytes=54_000_000)
FASTAPI = Shape(capacity_rps=1400.0, pss_bytes=58_000_000, cpu_s=0.0006)
SYNC = Shape(capacity_rps=190.0, slots=4, pss_bytes=107_000_000)


def plan(
    shapes: Mapping[str, Shape],
    loads: Mapping[str, tuple[int, ...]],
    *,
    rounds: int = 3,
    max_users: Mapping[str, int] | None = None,
    rates: Mapping[str, tuple[float, ...]] | None = None,
    titles: Mapping[str, str] | None = None,
) -> Plan:
    titles, names = titles or {}, tuple(shapes)
    return Plan(
        stacks={
            name: Stack(
                name=name,
                title=titles.get(name, f"{name} as it comes"),
                interface="wsgi",
                argv=("serve", "{host}:{port}"),
                env={},
                workers=1,
                threads=shape.slots or 1,
                slots=shape.slots,
                ready_path="/health",
                cwd=".",
            )
            for name, shape in shapes.items()
        },
        scenarios={
            name: Scenario(
                name=name,
                title=titles.get(name, f"GET /{name}: one upstream call of 20 ms"),
                locustfile=f"loadtests/{name}.py",
                upstream={"weather": UpstreamCall(1, HOLD_S)},
                hold_s=HOLD_S,
                timeout_s=30.0,
            )
            for name in loads
        },
        profile=Profile(
            name="bench",
            stacks=names,
            loads={
                name: (
                    *(Closed(users=users) for users in counts),
                    *(Open(rate_rps=rate, arrivals="fixed", max_in_flight=500) for rate in (rates or {}).get(name, ())),
                )
                for name, counts in loads.items()
            },
            timing=Timing(0.5, 1.0, 3.0),
            rounds=rounds,
            max_users=max_users or {},
            max_rate_rps={},
            compare=(names[1], names[0]) if len(names) > 1 else None,
            server_cpus=1,
        ),
    )


def samples(shape: Shape, load: Load, seed: int) -> Samples:
    """The arrays of a cell, and of a sampler at 10 Hz.

    Closed: users ask again as soon as they are answered. Open: requests arrive evenly, and each takes as long as it
    would with few users.
    """
    random = np.random.default_rng(seed)
    length_s = WINDOW.end_s - WINDOW.warmup_s
    noise = random.lognormal(0, 0.01)
    if isinstance(load, Open):
        scheduled_s = WINDOW.warmup_s + np.arange(int(length_s * load.rate_rps)) / load.rate_rps
        took_s = HOLD_S * 1.05 * random.lognormal(0, 0.08, size=len(scheduled_s)) * noise
        users, done_s = int(load.rate_rps * HOLD_S), scheduled_s + took_s
    else:
        users = load.users
        typical_s = max(HOLD_S * 1.05, users / shape.capacity_rps)
        each = int(2 * length_s / typical_s) + 3
        took_s = typical_s * random.lognormal(0, 0.08, size=(users, each)) * noise
        done_s = WINDOW.warmup_s + np.cumsum(took_s, axis=1)
        scheduled_s = np.hstack([np.full((users, 1), WINDOW.warmup_s), done_s[:, :-1]])
        sent = scheduled_s < WINDOW.end_s
        scheduled_s, done_s = scheduled_s[sent], done_s[sent]
    count = len(done_s)
    mem_t_s = np.arange(WINDOW.warmup_s - 1, WINDOW.end_s + 0.3, 0.1)
    cpu_s = np.searchsorted(np.sort(done_s), mem_t_s) * shape.cpu_s
    readings = len(mem_t_s)
    pss_bytes = (shape.pss_bytes + users * 20_000 + random.normal(0, 2e5, readings)).astype(np.int64)
    return Samples(
        scheduled_s=scheduled_s,
        sent_s=scheduled_s + 1e-5,
        done_s=done_s,
        status=np.full(count, 200),
        bytes=np.full(count, 40),
        measurement=np.zeros(count, dtype=np.int64),
        route=np.zeros(count, dtype=np.int64),
        slice=np.zeros(count, dtype=np.int64),
        new_connection=np.zeros(count, dtype=np.int64),
        beat_s=np.arange(WINDOW.warmup_s, WINDOW.end_s, 0.01),
        beat_late_s=np.full(len(np.arange(WINDOW.warmup_s, WINDOW.end_s, 0.01)), 0.0003),
        **readings_of(
            mem_t_s,
            {
                "pss_bytes": pss_bytes,
                "anon_bytes": pss_bytes // 2,
                "rss_bytes": pss_bytes + 9_000_000,
                "uss_bytes": pss_bytes - 3_000_000,
                "cpu_user_s": cpu_s * 0.75,
                "cpu_system_s": cpu_s * 0.25,
                "threads": np.full(readings, 5),
                "switches": np.arange(readings) * 100,
            },
            {"generator": 0.3, "upstream": 0.1, "harness": 0.01},
        ),
        cores_t_s=mem_t_s,
        server_steal_s=(mem_t_s - mem_t_s[0]) * 0.02,
        load_steal_s=(mem_t_s - mem_t_s[0]) * 0.01,
        server_idle_s=np.full(len(mem_t_s), np.nan),
        load_idle_s=np.full(len(mem_t_s), np.nan),
    )


def readings_of(
    t_s: NDArray[np.float64],
    servers: Mapping[str, NDArray[Any]] | Sequence[Mapping[str, NDArray[Any]]],
    load_side: Mapping[str, float],
) -> dict[str, Any]:
    """The columns of the readings: servers with their columns, then the load side, each role with the cores it uses."""
    each = [servers] if isinstance(servers, Mapping) else servers
    cpu = [{"cpu_user_s": (t_s - t_s[0]) * cores} for cores in load_side.values()]
    parts = [*each, *cpu]
    nothing = {"cpu_user_s": np.zeros(len(t_s)), "cpu_system_s": np.zeros(len(t_s))}
    names = [name for name in TABLES["readings"] if name not in {"t_s", "role"}]
    columns = {
        name: np.concatenate([np.asarray(part.get(name, nothing.get(name, np.full(len(t_s), -1)))) for part in parts])
        for name in names
    }
    wide = {name: column.astype(np.float64 if name.endswith("_s") else np.int64) for name, column in columns.items()}
    roles = ("server",) if len(each) == 1 else SIDES
    return {
        **wide,
        "t_s": np.tile(t_s, len(parts)),
        "role": np.repeat(np.arange(len(parts)), len(t_s)),
        "roles": (*roles, *load_side),
    }


def served(count: int, delay_error_s: float = 0.001, peak_in_flight: int = 500) -> UpstreamServed:
    return UpstreamServed({"weather": count}, {"p50": 0.0002, "p99": delay_error_s, "max": 0.002}, peak_in_flight)


def failed(key: CellKey, detail: str = "the server did not become ready in 30 s") -> Cell:
    return Cell(
        key.stack,
        key.scenario,
        key.load,
        key.round,
        key.order,
        (Measurement("failed", (Problem("failed", f"start server: {detail}"),)),),
    )


def save(
    folder: Path,
    planned: Plan,
    shapes: Mapping[str, Shape],
    *,
    fails: Callable[[CellKey], bool] = lambda _: False,
    change: Callable[[CellKey, Samples], Samples] = lambda _, raw: raw,
    skips: Callable[[CellKey], bool] = lambda _: False,
    notes: tuple[str, ...] = (),
) -> Run:
    """The run that now lies in the folder. `change` spoils the samples of cells; `skips` leaves cells out."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = []
    for key in (key for cells in visits(planned, seed=7) for key in cells):
        if skips(key):
            continue
        if fails(key):
            cells.append(failed(key))
            continue
        raw = change(key, samples(shapes[key.stack], key.load, seed=key.order))
        cells.append(record(folder, planned, key, raw, WINDOW))
    run = run_of(planned, tuple(cells), notes)
    save_run(folder, run)
    return run


def record(folder: Path, planned: Plan, key: CellKey, raw: Samples, window: Window) -> Cell:
    """One cell, judged, its samples in the folder."""
    conditions = Conditions(planned.stacks[key.stack], planned.scenarios[key.scenario], key.load, 1, 1)
    cell = judge_cell(key, conditions, Recording(raw, [served(len(raw.status))], PROBE, window))
    return replace(cell, samples=save_samples(folder, key.order, raw))


def run_of(planned: Plan, cells: tuple[Cell, ...] = (), notes: tuple[str, ...] = ()) -> Run:
    """A run of these cells on a made-up machine."""
    return Run(
        schema_version=SCHEMA_VERSION,
        id="20260102-030405",
        started="2026-01-02T03:04:05+00:00",
        machine=Machine("Example CPU @ 2.00GHz", 2, 8_000_000_000, "Linux", "6.1.0", "3.11.9", has_pss=True),
        versions={"flask": "3.1.0", "fastapi": "0.115.0", "gunicorn": "23.0.0", "uvicorn": "0.34.0"},
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=False,
        lock_sha256="ab" * 32,
        config=planned,
        argv=("run", "--profile", "bench"),
        server_cpus=(0,),
        load_cpus=(1,),
        notes=notes,
        seed=7,
        cells=cells,
    )


_ONE = plan({"one": SYNC}, {"weather": (10,)})
ONE_CORE = Conditions(_ONE.stacks["one"], _ONE.scenarios["weather"], Closed(users=10), server_cpus=1, load_cpus=1)


def cell(
    stack: str = "a",
    users: int = 10,
    number: int = 1,
    *,
    scenario: str = "weather",
    throughput_rps: float | None = 100.0,
    p95_s: float = 0.1,
    pss_bytes: int | None = 50_000_000,
    cpu_s: float = 0.001,
    problems: tuple[Problem, ...] = (),
    limit: Limit = "nothing",
    load: Load | None = None,
) -> Cell:
    """A cell with these figures, without samples."""
    memory = MemoryFigure(pss_bytes, 60_000_000, 45_000_000)
    one = Measurement(
        outcome=outcome(problems),
        problems=problems,
        requests=Requests(100, 0, 0, 0, {}),
        throughput_rps=throughput_rps,
        latency_s=Distribution(p95_s, p95_s, p95_s, p95_s, p95_s, p95_s),
        service_s=Distribution(p95_s, p95_s, p95_s, p95_s, p95_s, p95_s),
        memory=Memory(memory, memory, memory),
        cpu=Cpu(cpu_s, 0.5, 0.3, 0.1, 0.01, 5, 100.0, 0.0, 0.0),
        upstream=served(100),
        bottleneck=Bottleneck(None, 0.1, 10.0, limit, "so the figures show"),
    )
    return Cell(
        stack=stack,
        scenario=scenario,
        load=load or Closed(users=users),
        round=number,
        order=0,
        measurements=(one,),
        window=WINDOW,
        probe=PROBE,
        samples="cells/0.npz",
    )


def changed(cell: Cell, **figures: Any) -> Cell:
    """The cell with these figures in each of its measurements."""
    return replace(cell, measurements=tuple(replace(one, **figures) for one in cell.measurements))


def broken(
    cell: Cell,
    *,
    ok: int,
    errors: Mapping[str, int] = {},
    timeouts: int = 0,
    dropped: int = 0,
    unsent: int = 0,
    problems: tuple[Problem, ...] = (),
) -> Cell:
    """The cell with so many requests in its window, and with what is wrong with the failed ones after `problems`.

    `errors`: how many requests each error befell, without the timeouts.
    """
    by_error = dict(errors) | ({"timeout": timeouts} if timeouts else {})
    requests = Requests(ok, sum(errors.values()), timeouts, dropped, by_error, unsent)
    found = (service_errors(requests, 30.0), nothing_served(requests, cell.load))
    known = (*problems, *(problem for problem in found if problem is not None))
    limits = cell.measurement.bottleneck
    evidence = next((problem.detail for problem in known), "so the figures show")
    return changed(
        cell,
        requests=requests,
        problems=known,
        outcome=outcome(known),
        throughput_rps=cell.measurement.throughput_rps if ok else 0.0,
        bottleneck=None if limits is None else replace(limits, evidence=evidence),
    )
