"""The raw samples of a cell, put together from what Locust wrote and what the sampler read; and its wrong answers."""

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from bench.errors import BenchError
from bench.judge.cell.figures import error_name
from bench.model.samples import Samples
from bench.model.wrong_answer import WrongAnswer
from bench.record import columns
from bench.run.host.tree import Use
from bench.run.testbed.readings import Reading, roles


def join_samples(requests: Path, readings: Sequence[Reading], servers: Iterable[str]) -> Samples:
    """The raw arrays of a cell. Raises BenchError where the load generator left none that can be read."""
    try:
        with requests.open("rb") as file, np.load(file, allow_pickle=False) as recorded:
            arrays = {name: recorded[name] for name in columns.RECORDED_BY_THE_LOAD}
    except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error:
        raise BenchError(f"the load generator left no samples that can be read: {error}") from error
    names = roles(readings, servers)
    rows = [
        (one.t_s, place, one.uses[role]) for place, role in enumerate(names) for one in readings if role in one.uses
    ]
    arrays |= {
        "t_s": np.array([t_s for t_s, _, _ in rows]),
        "role": np.array([place for _, place, _ in rows]),
        "cores_t_s": np.array([one.t_s for one in readings]),
        "server_steal_s": np.array([one.server_steal_s for one in readings]),
        "load_steal_s": np.array([one.load_steal_s for one in readings]),
        "roles": np.array(names),
    }
    for field in fields(Use):
        arrays[field.name] = np.array([getattr(use, field.name) for _, _, use in rows])
    return columns.samples_of(arrays)


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
