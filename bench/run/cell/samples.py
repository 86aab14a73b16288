"""The raw samples of a cell, put together from what Locust wrote and what the sampler read; and its wrong answers."""

import json
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.judge.cell.figures import error_name
from bench.model.cell import Neighbour
from bench.model.samples import Samples
from bench.model.wrong_answer import WrongAnswer
from bench.record import columns
from bench.run.host.cores import CoreTimes, ProcessTime
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import Use
from bench.run.testbed.readings import Reading, Resident, roles

NEIGHBOURS = 2
"""So many of the heaviest other processes on either side are kept."""


def join_samples(
    requests: Sequence[Path],
    readings: Sequence[Reading],
    residents: Sequence[Resident],
    servers: Iterable[str],
    looks: Mapping[str, NDArray[Any]],
) -> Samples:
    """The raw arrays of a cell; `requests`: files of the load generator; `looks`: columns, empty without looks.

    Raises BenchError where the load generator left no samples that can be read.
    """
    parts = [_recorded(file) for file in requests]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in columns.RECORDED_BY_THE_LOAD}
    names = roles(readings, servers)
    rows = [
        (one.t_s, place, one.uses[role]) for place, role in enumerate(names) for one in readings if role in one.uses
    ]
    memory = [(one.t_s, names.index(role), rss) for one in residents for role, rss in one.rss_bytes.items()]
    arrays |= {
        "t_s": np.array([t_s for t_s, _, _ in rows]),
        "role": np.array([place for _, place, _ in rows]),
        "resident_t_s": np.array([t_s for t_s, _, _ in memory]),
        "resident_role": np.array([place for _, place, _ in memory]),
        "resident_bytes": np.array([rss for _, _, rss in memory]),
        "cores_t_s": np.array([one.cores_t_s for one in readings]),
        **_cores("server", [one.server_cores for one in readings]),
        **_cores("load", [one.load_cores for one in readings]),
        "roles": np.array(names),
    }
    for field in fields(Use):
        arrays[field.name] = np.array([getattr(use, field.name) for _, _, use in rows])
    return columns.samples_of({**arrays, **looks})


def _recorded(file: Path) -> Mapping[str, NDArray[Any]]:
    """The columns that the load generator wrote."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as recorded:
            return {name: recorded[name] for name in columns.RECORDED_BY_THE_LOAD}
    except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error:
        raise BenchError(f"the load generator left no samples that can be read: {error}") from error


def _cores(side: str, times: Sequence[CoreTimes | None]) -> dict[str, NDArray[np.float64]]:
    """The columns of one side's cores."""
    return {
        f"{side}_{one.name}": np.array([math.nan if seen is None else getattr(seen, one.name) for seen in times])
        for one in fields(CoreTimes)
    }


def neighbours(seen: Sequence[Mapping[int, ProcessTime]], cpus: CpuSets) -> tuple[Neighbour, ...]:
    """The processes beside the roles that used most CPU between the first and the last time they were seen.

    Those of the server's cores come first, on either side the heaviest.
    """
    if len(seen) < 2:
        return ()
    first, last = seen[0], seen[-1]
    used = {pid: now.cpu_s - (first[pid].cpu_s if pid in first else 0.0) for pid, now in last.items()}
    found = [
        Neighbour(last[pid].name, pid, used[pid], on_server=not cpus.server or last[pid].core in cpus.server)
        for pid in sorted(used, key=lambda pid: used[pid], reverse=True)
    ]
    sides = ([one for one in found if one.on_server == on_server][:NEIGHBOURS] for on_server in (True, False))
    return tuple(one for side in sides for one in side)


def read_wrong_answers(file: Path, servers: int) -> list[tuple[WrongAnswer, ...]]:
    """The wrong answers of each server. Raises BenchError where the load generator left no file that can be read."""
    try:
        kept = [
            (one.pop("measurement"), WrongAnswer(error_name(one.pop("code")), headers=tuple(one.pop("headers")), **one))
            for one in json.loads(file.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BenchError(f"the load generator left no wrong answers that can be read: {error}") from error
    return [tuple(one for number, one in kept if number == server) for server in range(servers)]
