"""The run folder: run.json and the raw samples, written so that a run that dies keeps what it finished."""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from bench.errors import BenchError
from bench.model.cell import Cell
from bench.model.run import SCHEMA_VERSION, Run, Selftest
from bench.model.samples import Samples
from bench.record import columns, schema2

_RUN = TypeAdapter(Run)
_SELFTEST = TypeAdapter(Selftest)


def save_run(folder: Path, run: Run) -> None:
    """Write run.json, whole or not at all."""
    with _replacing(folder / "run.json") as file:
        file.write(_RUN.dump_json(run, indent=1) + b"\n")


def save_samples(folder: Path, order: int, samples: Samples) -> str:
    """The name, relative to the folder, of the file that now holds the samples."""
    name = f"cells/{order}.npz"
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    with _replacing(folder / name) as file:
        np.savez_compressed(file, allow_pickle=False, **columns.stored(samples))
    return name


def load_run(folder: Path) -> Run:
    """The run of a folder. Raises BenchError where there is none, it is damaged, or written by another version."""
    path = folder / "run.json"
    try:
        data = path.read_bytes()
        fields = json.loads(data)
        version = fields["schema_version"]
        if version == schema2.VERSION:
            return _RUN.validate_json(json.dumps(schema2.run_of(fields, SCHEMA_VERSION)))
        if version != SCHEMA_VERSION:
            newer = isinstance(version, int) and version > SCHEMA_VERSION
            todo = "update this program" if newer else "measure again, or read it with the version that wrote it"
            known = f"{schema2.VERSION} and {SCHEMA_VERSION}"
            raise BenchError(f"{path} has schema {version!r}, and this version reads {known}: {todo}")
        return _RUN.validate_json(data)
    except FileNotFoundError:
        raise BenchError(f"{folder} holds no run.json: is it a run folder?") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BenchError(f"{path} cannot be read: {_first_line(error)}") from error


def load_reference(folder: Path, reference: Path) -> Run | None:
    """The run of the folder `reference`, to hold that of `folder` against.

    None where they are one run, and where there is none that this version reads.
    """
    if folder.resolve().is_relative_to(reference.resolve()):
        return None
    try:
        return load_run(reference)
    except BenchError:
        return None


def load_samples(folder: Path, cell: Cell) -> Samples:
    """The raw arrays of a recorded cell. Raises BenchError where they are missing or damaged."""
    if cell.samples is None:
        raise BenchError(f"cell {cell.order} of {folder} failed and has no samples")
    path = folder / cell.samples
    try:
        # Opened here, because np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return columns.samples_of(schema2.arrays_of(arrays) if "mem_t_s" in arrays else arrays)
    except (OSError, EOFError, ValueError, LookupError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise BenchError(f"{path} cannot be read: {_first_line(error)}") from error


def save_selftest(path: Path, found: Selftest) -> None:
    """Write a selftest, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(path) as file:
        file.write(_SELFTEST.dump_json(found, indent=1) + b"\n")


def load_selftest(path: Path) -> Selftest | None:
    """The selftest of a file; None where there is none that this version reads: then one takes another."""
    try:
        return _SELFTEST.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def run_schema() -> dict[str, Any]:
    """The JSON Schema of run.json."""
    return _RUN.json_schema()


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error).split("\n", 1)[0] or type(error).__name__


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when it is complete."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
