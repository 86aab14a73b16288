"""Real sessions of the gate: run them, and keep each as one line of a file."""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from bench.errors import BenchError
from bench.judge.cell.metrics import BY_NAME, PAIRED
from bench.judge.gate import evidence
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.model.cell import SliceFigures
from bench.model.run import Run
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.record import store
from tests.calibration.inject import Kind, Slower, clone, inject

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "results/reference/calibration/sessions.jsonl"

SERVICES = {"wsgi": "flask", "asgi": "fastapi"}
FIGURES = tuple(field.name for field in fields(SliceFigures))


@dataclass(frozen=True, slots=True)
class Figures:
    """A metric of a stack under one load: its values in base and head, one per restart, as the gate compares them."""

    stack: str
    model: str
    metric: str
    gated: bool
    base: tuple[float, ...]
    head: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One session: the injected slowdown and the results.

    `size`: a share of CPU per request (cpu), of the open-loop P95 (delay) or of the requests (slow); seconds (pause).
    `argv`: additional options; `regressed`: stack, load model and metric of each regression; `family`: the number of
    tests; `looks`: after how many restarts it was to be judged; `decided`: after how many it was, None: it was not.
    """

    taken: str
    commit: str
    cpu_model: str
    kind: Kind
    size: float
    argv: tuple[str, ...]
    minutes: float
    exit_code: int
    family: int
    regressed: tuple[tuple[str, str, str], ...]
    figures: tuple[Figures, ...]
    looks: tuple[int, ...]
    decided: int | None = None


def hold(kind: Kind, size: float, words: Sequence[str] = ()) -> tuple[Session, Mapping[str, NDArray[Any]]]:
    """Run one session of HEAD against itself, or against a slower copy, through the command line.

    With it the figures of each slice, see `slices_of`. Raises CalledProcessError if the session does not finish.
    """
    with tempfile.TemporaryDirectory(prefix="calibration-") as name:
        there, folder = clone(ROOT, Path(name) / "clone"), Path(name) / "run"
        head = "HEAD"
        if kind != "none":
            head = inject(there, _slower(there, Path(name) / "pilot", kind, size, words))
        argv = ("ab", "--base", "HEAD", "--head", head, "--anyway", *words)
        begun_s = time.monotonic()
        done = _bench(there, *argv, "--out", str(folder))
        if done not in {0, 1, 3, 4}:
            raise subprocess.CalledProcessError(done, argv)
        run = store.load_run(folder)
        minutes = (time.monotonic() - begun_s) / 60
        found = judge_paired(run, Gate())
        session = Session(
            taken=run.started,
            commit=run.commit or "",
            cpu_model=run.machine.cpu_model,
            kind=kind,
            size=size,
            argv=tuple(words),
            minutes=round(minutes, 2),
            exit_code=done,
            family=found.family,
            regressed=tuple(
                (one.stack, one.load.model, one.metric.name) for one in found.findings if one.verdict == "regressed"
            ),
            figures=tuple(_figures(run)),
            looks=found.looks,
            decided=found.decided,
        )
        return session, slices_of(run)


def slices_of(run: Run) -> dict[str, NDArray[Any]]:
    """The figures of each slice of an A/B, NaN where there is none, and beside them to what they belong.

    `stack` (its place in the profile), `open` (whether that is the load), `restart`, `side` and `place` (of the slice
    in the cell).
    """
    rows = [
        (run.config.profile.stacks.index(cell.stack), cell.load.model == "open", cell.round, side, place, one)
        for cell in run.cells
        for side, measured in enumerate(cell.measurements)
        for place, one in enumerate(measured.slices)
    ]
    found: dict[str, NDArray[Any]] = {
        name: np.array([row[number] for row in rows], dtype=np.int16)
        for number, name in enumerate(("stack", "open", "restart", "side", "place"))
    }
    for name in FIGURES:
        values = [value if (value := getattr(row[-1], name)) is not None else math.nan for row in rows]
        found[name] = np.array(values, dtype=np.float32)
    return found


def keep(session: Session, slices: Mapping[str, NDArray[Any]]) -> None:
    """Append a session to the kept ones; of unchanged code its slices too, to simulate what else they could show."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(session)) + "\n")
    if session.kind == "none":
        np.savez_compressed(slices_file(session), allow_pickle=False, **slices)


def slices_file(session: Session) -> Path:
    """Where the slices of a session of unchanged code are kept."""
    return KEPT.with_name(f"slices-{session.taken[:19].replace(':', '')}.npz")


def kept(file: Path = KEPT) -> list[Session]:
    """All sessions of a file, the oldest first."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return TypeAdapter(list[Session]).validate_python([json.loads(line) for line in lines])


def _slower(there: Path, folder: Path, kind: Kind, size: float, words: Sequence[str]) -> dict[str, Slower]:
    """What slows each service. Of `cpu` and `delay`, the size is a share of a figure of base.

    CPU per request moves with the machine's speed, so it is measured now: the minimum of a few rounds, because other
    programs only add to it. The open-loop P95 is mostly the upstream's delay and comes from the kept sessions.
    """
    if kind == "pause":
        return dict.fromkeys(SERVICES.values(), Slower(pause_s=size))
    if kind == "slow":
        return dict.fromkeys(SERVICES.values(), Slower(slow_share=size))
    plan = make_plan(load_config([DEFAULT_CONFIG]), "ab")
    needed = _open_p95_s(words) if kind == "delay" else _cpu_s(there, folder)
    return {
        SERVICES[plan.stacks[stack].interface or ""]: (
            Slower(delay_s=size * each_s) if kind == "delay" else Slower(burn_s=size * each_s)
        )
        for stack, each_s in needed.items()
    }


def _cpu_s(there: Path, folder: Path) -> dict[str, float]:
    if _bench(there, "run", "--profile", "ab", "--rounds", "3", "--window", "2", "--out", str(folder)):
        raise BenchError("the pilot of a calibration failed")
    cells, needs = store.load_run(folder).cells, BY_NAME["cpu"]
    used = {
        stack: [
            each_s for cell in cells if cell.stack == stack and (each_s := needs.read(cell.measurement)) is not None
        ]
        for stack in {cell.stack for cell in cells}
    }
    if not all(used.values()):
        raise BenchError("the pilot of a calibration has no reliable CPU figure of a stack: run the session again")
    return {stack: min(found) for stack, found in used.items()}


def _open_p95_s(words: Sequence[str]) -> dict[str, float]:
    """The open-loop P95 by stack, from sessions with the same options: others may use another scenario."""
    means: dict[str, list[float]] = {}
    for session in kept():
        for one in session.figures if session.argv == tuple(words) else ():
            if (one.model, one.metric) == ("open", "p95") and one.base:
                means.setdefault(one.stack, []).append(statistics.fmean(one.base))
    if not means:
        raise BenchError("no kept session with these options has a P95: run one with the same code first (none:0)")
    return {stack: statistics.median(found) for stack, found in means.items()}


def _bench(there: Path, *argv: str) -> int:
    return subprocess.run((sys.executable, "-m", "bench", *argv), cwd=there, check=False).returncode


def _figures(run: Run) -> Iterator[Figures]:
    """The figures of all metrics of every stack and load over the restarts, gated or not."""
    if run.ab is None:
        raise BenchError("this run is not an A/B")
    gated = {(one.stack, one.load.model, one.metric) for one in run.ab.family}
    for stack in run.config.profile.stacks:
        for model in ("closed", "open"):
            cells = [cell for cell in run.cells if (cell.stack, cell.load.model) == (stack, model)]
            for metric in PAIRED if cells else ():
                base, head = evidence.paired(PAIRED[metric], cells).values
                yield Figures(stack, model, metric, (stack, model, metric) in gated, base, head)
