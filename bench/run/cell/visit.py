"""One visit: a fresh server of a stack under a scenario, and a cell for each of its loads."""

import re
import tempfile
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.errors import BenchError
from bench.judge.cell.judge import judge_cell
from bench.model.cell import Cell, CellKey, Probe, Window
from bench.model.config import Plan
from bench.model.loads import load_name
from bench.model.samples import Samples
from bench.plan.schedule import Visit
from bench.record.store import BEAT_ARRAYS, REQUEST_ARRAYS, samples_of
from bench.run.cell.live import Live
from bench.run.cell.load import LoadGenerator, running_load
from bench.run.cell.probe import probe_s
from bench.run.cell.sampler import Reading, Sampler, Tree, TreeUse, read, wait_until_idle
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.testbed.server import Server, running_server
from bench.run.testbed.upstream import Upstream, running_upstream

TREE_ARRAYS = tuple(field.name for field in fields(TreeUse))
LOG_NAME_LENGTH = 200
"""File systems allow 255 bytes."""


class Progress(Protocol):
    """What takes a cell, the phase that it is in, and how it goes."""

    def __call__(self, key: CellKey, name: str, live: str = "") -> None:
        """Show or note it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all cells of a run share.

    `in_flight` is the most requests that any load of the run can have under way; `cores` counts those of either side.
    """

    plan: Plan
    seed: int
    cpus: CpuSets
    cores: tuple[int, int]
    in_flight: int
    logs: Path
    stop: StopRequest
    progress: Progress


def run_visit(visit: Visit, setting: Setting, environment: Path | None = None) -> Generator[tuple[Cell, Samples]]:
    """Each cell of the visit, judged, with its raw samples, in ascending order of load.

    `environment`: see `program_folders`. Raises BenchError, naming the phase and the log, where one cannot be measured;
    the generator is then at its end.
    """
    stack, scenario = setting.plan.stacks[visit.stack], setting.plan.scenarios[visit.scenario]
    first, stop, cpus = visit.cells[0], setting.stop, setting.cpus
    setting.progress(first, "start upstream")
    seed = round_seed(setting.seed, first.round)
    with running_upstream(scenario, seed, cpus.upstream, log_file(setting, first, "upstream"), stop) as upstream:
        setting.progress(first, "start server")
        server_log = log_file(setting, first, "server")
        with running_server(
            stack, upstream.url, setting.in_flight, cpus.server, server_log, stop, environment=environment
        ) as server:
            tree = Tree(server.program)
            setting.progress(first, "settle")
            wait_until_idle([tree], stop)
            idle = read([tree], None, upstream.program, cpus)
            for key in visit.cells:
                setting.progress(key, "start load")
                yield run_cell(key, setting, upstream, server, tree, idle)


def run_cell(
    key: CellKey, setting: Setting, upstream: Upstream, server: Server | Upstream, tree: Tree, idle: Reading
) -> tuple[Cell, Samples]:
    """One cell, judged, with its raw samples. `idle` is a reading of the server before any load.

    The selftest has the upstream take the server's place. Raises BenchError where it cannot be measured.
    """
    stack, scenario = setting.plan.stacks[key.stack], setting.plan.scenarios[key.scenario]
    upstream.reset()
    before_s = probe_s(setting.cpus.server)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        log, timing = log_file(setting, key, "load"), setting.plan.profile.timing
        with running_load(
            scenario,
            key.load,
            timing,
            round_seed(setting.seed, key.round),
            [server.url],
            setting.cpus.generator,
            Path(folder),
            log,
        ) as load:
            window, readings = _measure(
                key,
                setting,
                upstream,
                server,
                load,
                Sampler([tree], load.program, upstream.program, setting.cpus, idle),
            )
        probe = Probe(before_s, probe_s(setting.cpus.server))
        samples = join_samples(load.output, readings)
    setting.progress(key, "judge")
    server_cores, load_cores = setting.cores
    served = upstream.served()
    try:
        cell = judge_cell(
            key, stack, scenario, samples, window, served, probe, server_cpus=server_cores, load_cpus=load_cores
        )
    except ValueError as error:
        raise BenchError(f"the samples cannot be judged: {error}") from error
    return cell, samples


def _measure(
    key: CellKey, setting: Setting, upstream: Upstream, server: Server | Upstream, load: LoadGenerator, sampler: Sampler
) -> tuple[Window, list[Reading]]:
    """The window as Locust kept it, and what was read of the server around and in it."""
    window, live = None, Live()
    with sampler:
        for event in load.events(setting.stop, [server.program, upstream.program]):
            match event["event"]:
                case "begin":
                    setting.progress(key, "warm up")
                    warmup_s = event["warmup_s"]
                case "window":
                    setting.progress(key, "measure")
                    window = Window(warmup_s, event["start_s"], event["end_s"], event["answered"])
                    sampler.read_at(window.start_s)
                    sampler.read_at(window.end_s)
                case "grow" if window is not None:
                    window = replace(window, end_s=event["end_s"])
                    sampler.read_at(window.end_s)
                case "progress":
                    setting.progress(key, "warm up" if window is None else "measure", live.since_last(event))
                case "drain":
                    setting.progress(key, "drain")
                case "end" if event["left"]:
                    raise BenchError(f"{event['left']} requests outlasted their timeout{load.program.log_tail()}")
    if window is None:
        raise BenchError(f"the load generator never began{load.program.log_tail()}")
    return window, sampler.readings


def join_samples(requests: Path, readings: Sequence[Reading]) -> Samples:
    """The raw arrays of a cell: the requests that Locust wrote, and the sampler's readings, a row for each server."""
    try:
        with requests.open("rb") as file, np.load(file, allow_pickle=False) as recorded:
            arrays = {name: recorded[name] for name in REQUEST_ARRAYS | BEAT_ARRAYS}
    except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error:
        raise BenchError(f"the load generator left no samples that can be read: {error}") from error
    rows = [(reading, arm, use) for reading in readings for arm, use in enumerate(reading.servers)]
    for name in TREE_ARRAYS:
        arrays[name] = np.array([getattr(use, name) for _, _, use in rows])
    for name in ("generator_cpu_s", "upstream_cpu_s", "sampler_cpu_s", "server_steal_s", "load_steal_s"):
        arrays[name] = np.array([getattr(reading, name) for reading, _, _ in rows])
    arrays["mem_t_s"] = np.array([reading.t_s for reading, _, _ in rows])
    arrays["mem_arm"] = np.array([arm for _, arm, _ in rows], dtype=np.int64)
    return samples_of(arrays)


def round_seed(seed: int, number: int) -> int:
    """The seed of a round's delays and arrivals: the same for all stacks, and another in each round: chance counts."""
    return seed * 1000 + number


def log_file(setting: Setting, key: CellKey, program: str) -> Path:
    """A log file of its own for each program that a cell starts, whatever characters names are made of."""
    name = re.sub(
        r"[^\w.=,-]+", "_", f"{key.order:03d}-{load_name(key.load)}-{key.stack}-{key.scenario}", flags=re.ASCII
    )
    return setting.logs / f"{name[:LOG_NAME_LENGTH]}.{program}.log"
