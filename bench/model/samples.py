"""The raw arrays of a cell. Each field of `Samples` is a row of the column table; record/columns.py reads it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = Literal["requests", "beats", "readings", "residents", "cores", "looks", "processes", "threads"]

LOAD_SIDE = ("generator", "upstream", "harness")
"""Roles that are no server."""


def _column(table: Table, dtype: str, missing: float | None = None) -> Any:
    """A column of one of the tables, stored as `dtype`; judging works with float64 and int64.

    A run that was stored before there was such a column has `missing` in each row. Without it, every run has the
    column.
    """
    wide = np.float64 if np.dtype(dtype).kind == "f" else np.int64
    metadata = {"table": table, "dtype": dtype, "missing": missing}
    return field(default_factory=lambda: np.empty(0, dtype=wide), metadata=metadata)


@dataclass(frozen=True, slots=True)
class Samples:
    """Tables of raw samples, as columns. All times are seconds on CLOCK_MONOTONIC.

    requests, one row each: `status` is the HTTP status of a right answer (1 where its protocol has none), and negative
    for anything else (see loadtests/engine/recording.py); `measurement` is 0, in an A/B 1 for head; `slice` is the
    number of the slice; `new_connection` is 1 where the request opened its connection, 0 where it reused one, -1 where
    it was not recorded.

    beats, one row for each beat of the load generator's timer: when it was due, and how late it was.

    readings, one row for each moment and role. `role` is a place in `roles`, which begins with the servers, one for
    each measurement. CPU seconds and context switches count from the start of the process tree. Memory, threads and
    switches are -1 where they were not read. The first reading of a server was taken before any load.
    `workers_replaced` and `adopted` count the workers that were replaced, and the processes that the harness adopted
    because their parent had ended, since the first reading; `worker_start_s`: CPU seconds that the start of one worker
    took. -1 where they were not read.

    residents, one row for each moment and server: the RSS of its process tree, read more often than all else.

    cores, one row for each moment: seconds of steal and seconds with no program on them since the machine started,
    summed over the server's cores and over the load's; NaN where the platform does not report it.

    looks, one row for each look at the server in the second after the window, while the load went on: connections that
    were not accepted, and the seconds to the answer of the one light request that was sent at the first look: NaN until
    it was answered, -1 where none was sent. processes, one row for each look (its place among the looks) and process of
    the server: accepted connections, those with bytes not read, and CPU seconds. threads, one row for each look and
    thread: the place in `calls` of what it waited in ("running" where it waited in nothing); at the first and the last
    look also the seconds that it ran and that it had to wait for a core, else NaN. All three are empty where there were
    no looks.
    """

    scheduled_s: Floats = _column("requests", "f8")
    sent_s: Floats = _column("requests", "f8")
    done_s: Floats = _column("requests", "f8")
    status: Ints = _column("requests", "i2")
    bytes: Ints = _column("requests", "i4")
    measurement: Ints = _column("requests", "u1")
    route: Ints = _column("requests", "u1")
    slice: Ints = _column("requests", "i4")
    new_connection: Ints = _column("requests", "i1")
    beat_s: Floats = _column("beats", "f8")
    beat_late_s: Floats = _column("beats", "f8")
    t_s: Floats = _column("readings", "f8")
    role: Ints = _column("readings", "u1")
    pss_bytes: Ints = _column("readings", "i8")
    anon_bytes: Ints = _column("readings", "i8")
    rss_bytes: Ints = _column("readings", "i8")
    uss_bytes: Ints = _column("readings", "i8")
    cpu_user_s: Floats = _column("readings", "f8")
    cpu_system_s: Floats = _column("readings", "f8")
    threads: Ints = _column("readings", "i4")
    switches: Ints = _column("readings", "i8")
    workers_replaced: Ints = _column("readings", "i4", missing=-1)
    worker_start_s: Floats = _column("readings", "f8", missing=-1)
    adopted: Ints = _column("readings", "i4", missing=-1)
    resident_t_s: Floats = _column("residents", "f8", missing=-1)
    resident_role: Ints = _column("residents", "u1", missing=0)
    resident_bytes: Ints = _column("residents", "i8", missing=-1)
    cores_t_s: Floats = _column("cores", "f8")
    server_steal_s: Floats = _column("cores", "f8")
    load_steal_s: Floats = _column("cores", "f8")
    server_idle_s: Floats = _column("cores", "f8", missing=math.nan)
    load_idle_s: Floats = _column("cores", "f8", missing=math.nan)
    look_t_s: Floats = _column("looks", "f8", missing=math.nan)
    look_unaccepted: Ints = _column("looks", "i4", missing=-1)
    look_light_s: Floats = _column("looks", "f8", missing=-1)
    process_look: Ints = _column("processes", "u1", missing=-1)
    process_pid: Ints = _column("processes", "i4", missing=-1)
    process_connections: Ints = _column("processes", "i4", missing=-1)
    process_unread: Ints = _column("processes", "i4", missing=-1)
    process_cpu_s: Floats = _column("processes", "f8", missing=math.nan)
    thread_look: Ints = _column("threads", "u1", missing=-1)
    thread_pid: Ints = _column("threads", "i4", missing=-1)
    thread_id: Ints = _column("threads", "i4", missing=-1)
    thread_call: Ints = _column("threads", "u1", missing=-1)
    thread_cpu_s: Floats = _column("threads", "f8", missing=math.nan)
    thread_delay_s: Floats = _column("threads", "f8", missing=math.nan)
    roles: tuple[str, ...] = ("server", *LOAD_SIDE)
    calls: tuple[str, ...] = ()


TABLES: Mapping[Table, tuple[str, ...]] = {
    table: tuple(one.name for one in fields(Samples) if one.metadata.get("table") == table) for table in get_args(Table)
}
"""The names of each table's columns."""
