"""The one table of raw columns: what an .npz file of a cell holds, derived from the fields of `Samples`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.samples import TABLES, Samples

DTYPES: Mapping[str, str] = {one.name: one.metadata["dtype"] for one in fields(Samples) if one.metadata}
MISSING: Mapping[str, float] = {
    one.name: one.metadata["missing"] for one in fields(Samples) if one.metadata.get("missing") is not None
}
"""The columns that an older run lacks, and what is in their rows then."""

RECORDED_BY_THE_LOAD = (*TABLES["requests"], *TABLES["beats"])
"""What loadtests/engine/recording.py writes."""


def stored(samples: Samples) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, each of the type that its column is stored as; without tables that have no rows."""
    arrays = {name: getattr(samples, name).astype(dtype) for name, dtype in DTYPES.items()}
    kept = {name: array for name, array in arrays.items() if len(array) or name not in MISSING}
    return {**kept, "roles": np.array(samples.roles), "calls": np.array(samples.calls, dtype=np.str_)}


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that these arrays hold, as float64 and int64; columns that older runs lack may be missing.

    Raises KeyError where a column is missing that every run has, ValueError where the columns of a table differ in
    length.
    """
    wide: dict[str, Any] = {
        name: column.astype(np.float64 if np.dtype(DTYPES[name]).kind == "f" else np.int64)
        for names in TABLES.values()
        for name, column in _table(arrays, names)
    }
    return Samples(**wide, roles=_names(arrays["roles"]), calls=_names(arrays.get("calls", ())))


def _table(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The columns of a table by their names."""
    found = {name: arrays[name] for name in names if name in arrays or name not in MISSING}
    lengths = {len(column) for column in found.values()} or {0}
    if len(lengths) > 1:
        raise ValueError(f"columns of one table differ in length: {', '.join(names)}")
    (length,) = lengths
    for name in names:
        yield name, found[name] if name in found else np.full(length, MISSING[name])


def _names(array: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(name) for name in array)
