"""The run folder: run.json and the raw samples, written so that a run that dies keeps what it finished."""

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

from bench.errors import BenchError, cut
from bench.model.cell import Cell
from bench.model.run import SCHEMA_VERSION, Run, Selftest
from bench.model.samples import Samples
from bench.model.search import Search
from bench.record import archive, columns, older, parsed, schema2
from bench.record.archive import Archive
from bench.record.opened import opened

_RUN = TypeAdapter(Run)
_SELFTEST = TypeAdapter(Selftest)

DAMAGED = (OSError, EOFError, ValueError, LookupError, RuntimeError, TypeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive may raise."""

LONGEST_REASON = 300
MOST_ERRORS = 1000


def save_run(folder: Path, run: Run) -> None:
    """Write run.json, whole or not at all."""
    with _replacing(folder / "run.json") as file:
        file.write(_RUN.dump_json(run, indent=1) + b"\n")


def save_samples(folder: Path, order: int, samples: Samples, kind: str = "cells") -> str:
    """The name, relative to the folder, of the file that now holds the samples."""
    name = f"{kind}/{order}.npz"
    (folder / kind).mkdir(parents=True, exist_ok=True)
    with _replacing(folder / name) as file:
        np.savez_compressed(file, allow_pickle=False, **columns.stored(samples))
    return name


def load_run(folder: Path) -> Run:
    """The run of a folder.

    Raises BenchError where there is none, it is damaged or too large, or written by another version.
    """
    path = folder / "run.json"
    try:
        with opened(path, parsed.MOST_BYTES) as file:
            fields = parsed.parsed(file.readall())
        version = fields["schema_version"]
        if version == schema2.VERSION:
            fields = schema2.run_of(fields, SCHEMA_VERSION)
        elif version != SCHEMA_VERSION:
            newer = isinstance(version, int) and version > SCHEMA_VERSION
            todo = "update this program" if newer else "measure again, or read it with the version that wrote it"
            known = f"{schema2.VERSION} and {SCHEMA_VERSION}"
            shown = cut(repr(version), LONGEST_REASON)
            raise BenchError(f"{path} has schema {shown}, and this version reads {known}: {todo}")
        return _RUN.validate_python(older.brought_up(fields))
    except FileNotFoundError:
        raise BenchError(f"{folder} holds no run.json: is it a run folder?") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise BenchError(f"{path} cannot be read: {_reason(error)}") from error


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


def samples_bytes(folder: Path, cell: Cell | Search) -> int:
    """The bytes that the raw arrays of a recorded cell will take, from their headers. Raises like `load_samples`."""
    with _archive(folder, cell) as arrays:
        return arrays.unpacked_bytes


def load_samples(folder: Path, cell: Cell | Search) -> Samples:
    """The raw arrays of a recorded cell or search.

    Raises BenchError where they are missing, damaged, too large or not in the folder.
    """
    with _archive(folder, cell) as arrays:
        samples = columns.samples_of(schema2.arrays_of(arrays) if "mem_t_s" in arrays else arrays)
        columns.check_values(samples)
        return samples


@contextmanager
def _archive(folder: Path, cell: Cell | Search) -> Iterator[Archive]:
    """The archive of the cell's samples; what goes wrong within is an error of its file."""
    if cell.samples is None:
        raise BenchError(f"cell {cell.order} of {folder} failed and has no samples")
    name = cut(cell.samples, LONGEST_REASON)
    try:
        path = (folder / cell.samples).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ValueError("it is not in the run folder")
        with opened(path, archive.MOST_BYTES) as file:
            yield Archive(file)
    except (*DAMAGED, MemoryError) as error:
        raise BenchError(f"{folder / name} cannot be read: {_reason(error)}") from error


def save_selftest(path: Path, found: Selftest) -> None:
    """Write a selftest, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(path) as file:
        file.write(_SELFTEST.dump_json(found, indent=1) + b"\n")


def load_selftest(path: Path) -> Selftest | None:
    """The selftest of a file; None where there is none that this version reads: then one takes another."""
    try:
        with opened(path, parsed.MOST_BYTES) as file:
            return _SELFTEST.validate_python(parsed.parsed(file.readall()))
    except (OSError, ValueError, RecursionError):
        return None


def run_schema() -> dict[str, Any]:
    """The JSON Schema of run.json."""
    return _RUN.json_schema()


def _reason(error: Exception) -> str:
    """What is wrong, on one line; of several wrong fields the first."""
    if not isinstance(error, ValidationError):
        return cut(str(error).strip().split("\n", 1)[0] or type(error).__name__, LONGEST_REASON)
    if error.error_count() > MOST_ERRORS:  # to list so many takes more memory than they are worth
        return f"{error.error_count()} of its fields are wrong"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return cut(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}", LONGEST_REASON)


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
