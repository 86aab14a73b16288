"""The one table of raw columns: what an .npz file of a cell holds, derived from the fields of `Samples`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.samples import TABLES, Samples

DTYPES: Mapping[str, str] = {one.name: one.metadata["dtype"] for one in fields(Samples) if one.metadata}
RECORDED_BY_THE_LOAD = (*TABLES["requests"], *TABLES["beats"])
"""What loadtests/engine/recording.py writes."""

LARGEST = 1e12
"""No time or CPU time is so many seconds: thirty thousand years."""


def stored(samples: Samples) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, each of the type that its column is stored as."""
    arrays = {name: getattr(samples, name).astype(dtype) for name, dtype in DTYPES.items()}
    return {**arrays, "roles": np.array(samples.roles)}


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that these arrays hold, as float64 and int64.

    Raises KeyError where a column is missing, ValueError where a column has values of another type, or where the
    columns of a table differ in length.
    """
    wide: dict[str, Any] = {name: _wide(name, arrays[name]) for name in DTYPES}
    for names in TABLES.values():
        if len({len(wide[name]) for name in names}) > 1:
            raise ValueError(f"columns of one table differ in length: {', '.join(names)}")
    return Samples(**wide, roles=tuple(str(name) for name in arrays["roles"]))


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


def _wide(name: str, found: NDArray[Any]) -> NDArray[Any]:
    """The column as float64 or int64; it is not copied if it is so already."""
    wanted, kinds = (np.float64, "biuf") if np.dtype(DTYPES[name]).kind == "f" else (np.int64, "biu")
    if len(found) and found.dtype.kind not in kinds:
        raise ValueError(f"{name} has values of type {found.dtype}, not {np.dtype(DTYPES[name])}")
    return found.astype(wanted, copy=False)
