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


def stored(samples: Samples) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, each of the type that its column is stored as."""
    arrays = {name: getattr(samples, name).astype(dtype) for name, dtype in DTYPES.items()}
    return {**arrays, "roles": np.array(samples.roles)}


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that these arrays hold, as float64 and int64.

    Raises KeyError where a column is missing, ValueError where the columns of a table differ in length.
    """
    for names in TABLES.values():
        lengths = {len(arrays[name]) for name in names}
        if len(lengths) > 1:
            raise ValueError(f"columns of one table differ in length: {', '.join(names)}")
    wide: dict[str, Any] = {
        name: arrays[name].astype(np.float64 if np.dtype(dtype).kind == "f" else np.int64)
        for name, dtype in DTYPES.items()
    }
    return Samples(**wide, roles=tuple(str(name) for name in arrays["roles"]))
