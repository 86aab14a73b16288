"""The raw arrays of a cell."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Ints = NDArray[np.int64]


def _empty_floats() -> Floats:
    return np.empty(0)


def _empty_ints() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Samples:
    """The raw arrays of a cell, times in seconds on CLOCK_MONOTONIC.

    One row a request: scheduled_s ... slice. `status` is the HTTP status of a right answer; negative where it was
    wrong or never sent: see loadtests/engine/recording.py. One row a beat of the generator: when it was due and how
    late it came. One row a reading of the sampler: mem_t_s ... load_steal_s, the first of them taken when the fresh
    server was idle. CPU seconds and switches count from the start of the process, steal (seconds, summed over the cores
    of either side; NaN where it is not told) from the start of the machine; `pss_bytes` and its anonymous part are -1
    where the platform has none. `arm` and `mem_arm` are 0, in an A/B 1 for head; `slice` is the number of the slice.
    """

    scheduled_s: Floats = field(default_factory=_empty_floats)
    sent_s: Floats = field(default_factory=_empty_floats)
    done_s: Floats = field(default_factory=_empty_floats)
    status: Ints = field(default_factory=_empty_ints)
    bytes: Ints = field(default_factory=_empty_ints)
    arm: Ints = field(default_factory=_empty_ints)
    route: Ints = field(default_factory=_empty_ints)
    slice: Ints = field(default_factory=_empty_ints)
    beat_s: Floats = field(default_factory=_empty_floats)
    beat_late_s: Floats = field(default_factory=_empty_floats)
    mem_t_s: Floats = field(default_factory=_empty_floats)
    mem_arm: Ints = field(default_factory=_empty_ints)
    pss_bytes: Ints = field(default_factory=_empty_ints)
    anon_bytes: Ints = field(default_factory=_empty_ints)
    rss_bytes: Ints = field(default_factory=_empty_ints)
    uss_bytes: Ints = field(default_factory=_empty_ints)
    cpu_user_s: Floats = field(default_factory=_empty_floats)
    cpu_system_s: Floats = field(default_factory=_empty_floats)
    threads: Ints = field(default_factory=_empty_ints)
    switches: Ints = field(default_factory=_empty_ints)
    generator_cpu_s: Floats = field(default_factory=_empty_floats)
    upstream_cpu_s: Floats = field(default_factory=_empty_floats)
    sampler_cpu_s: Floats = field(default_factory=_empty_floats)
    server_steal_s: Floats = field(default_factory=_empty_floats)
    load_steal_s: Floats = field(default_factory=_empty_floats)
