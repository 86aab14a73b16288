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

LARGEST = 1e12
"""No time or CPU time is so many seconds: thirty thousand years."""


def stored(samples: Samples) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, each of the type that its column is stored as; without tables that have no rows."""
    arrays = {name: getattr(samples, name).astype(dtype) for name, dtype in DTYPES.items()}
    kept = {name: array for name, array in arrays.items() if len(array) or name not in MISSING}
    return {**kept, "roles": np.array(samples.roles), "calls": np.array(samples.calls, dtype=np.str_)}


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that these arrays hold, as float64 and int64; columns that older runs lack may be missing.

    Raises KeyError where a column is missing that every run has, ValueError where a column has values of another type,
    where the columns of a table differ in length, or where a row points to none.
    """
    wide = {name: _wide(name, column) for names in TABLES.values() for name, column in _table(arrays, names)}
    calls = _names(arrays.get("calls", ()))
    for name, rows in (("process_look", wide["look_t_s"]), ("thread_look", wide["look_t_s"]), ("thread_call", calls)):
        if len(wide[name]) and not 0 <= wide[name].min() <= wide[name].max() < len(rows):
            raise ValueError(f"{name} points to a row that there is not")
    return Samples(**wide, roles=_names(arrays["roles"]), calls=calls)


def check_values(samples: Samples) -> None:
    """Raise ValueError where a value is one that no clock and no counter gives, as infinity is."""
    for name in DTYPES:
        values = getattr(samples, name)
        if values.dtype.kind != "f" or not len(values):
            continue
        if name in RECORDED_BY_THE_LOAD and np.isnan(values).any():  # elsewhere NaN is what was not read
            raise ValueError(f"{name} has a value that is no number")
        least, most = np.fmin.reduce(values), np.fmax.reduce(values)
        if least < -LARGEST or most > LARGEST:
            raise ValueError(f"{name} has values from {least:g} to {most:g}, which no clock gives")


def _table(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The columns of a table by their names."""
    found = {name: arrays[name] for name in names if name in arrays or name not in MISSING}
    lengths = {len(column) for column in found.values()} or {0}
    if len(lengths) > 1:
        raise ValueError(f"columns of one table differ in length: {', '.join(names)}")
    (length,) = lengths
    for name in names:
        yield name, found[name] if name in found else np.full(length, MISSING[name])


def _wide(name: str, found: NDArray[Any]) -> NDArray[Any]:
    """The column as float64 or int64; it is not copied if it is so already."""
    wanted, kinds = (np.float64, "biuf") if np.dtype(DTYPES[name]).kind == "f" else (np.int64, "biu")
    if len(found) and found.dtype.kind not in kinds:
        raise ValueError(f"{name} has values of type {found.dtype}, not {np.dtype(DTYPES[name])}")
    return found.astype(wanted, copy=False)


def _names(array: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(name) for name in array)
