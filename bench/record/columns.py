"""The one table of raw columns: what an .npz file of a cell holds, derived from the fields of `Samples`."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.samples import TABLES, Samples

DTYPES: Mapping[str, str] = {one.name: one.metadata["dtype"] for one in fields(Samples) if one.metadata}
ADDED = frozenset(one.name for one in fields(Samples) if one.metadata.get("added"))
RECORDED_BY_THE_LOAD = (*TABLES["requests"], *TABLES["beats"])
"""What loadtests/engine/recording.py writes."""


def stored(samples: Samples) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, each of the type that its column is stored as; without tables that have no rows."""
    arrays = {name: getattr(samples, name).astype(dtype) for name, dtype in DTYPES.items()}
    kept = {name: array for name, array in arrays.items() if len(array) or name not in ADDED}
    return {**kept, "roles": np.array(samples.roles), "calls": np.array(samples.calls, dtype=np.str_)}


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that these arrays hold, as float64 and int64; columns that older runs lack may be missing.

    Raises KeyError where another column is missing, ValueError where the columns of a table differ in length.
    """
    arrays = _with_added(arrays)
    for names in TABLES.values():
        lengths = {len(arrays[name]) for name in names}
        if len(lengths) > 1:
            raise ValueError(f"columns of one table differ in length: {', '.join(names)}")
    wide: dict[str, Any] = {
        name: arrays[name].astype(np.float64 if np.dtype(dtype).kind == "f" else np.int64)
        for name, dtype in DTYPES.items()
    }
    return Samples(**wide, roles=_names(arrays["roles"]), calls=_names(arrays["calls"]))


def _with_added(arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """The arrays with the columns that were added to the tables later: NaN or -1 in each row, where they lack them."""
    filled: dict[str, NDArray[Any]] = {"calls": np.empty(0, dtype=np.str_), **arrays}
    for names in TABLES.values():
        rows = next((len(filled[name]) for name in names if name in filled), 0)
        for name in ADDED.intersection(names).difference(filled):
            filled[name] = np.full(rows, math.nan if np.dtype(DTYPES[name]).kind == "f" else -1)
    return filled


def _names(array: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(name) for name in array)
