"""What the looks saw: at each what was queued and what was inside the server; of each process what its threads did."""

from dataclasses import dataclass

import numpy as np

from bench.judge.cell.figures import Mask, sent
from bench.model.samples import Floats, Ints, Samples

FEWEST = 10
"""Of fewer looks nothing is said."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the server over all looks.

    `cores`: CPU seconds per second. `connections`: the most that it held accepted. `unread`: connections with a request
    that it had not read, at each look. `main`: what its main thread did at each look. `waits`: what each thread did at
    each look. `shared`: the share of its CPU that other threads than the busiest used, as far as they were looked at.
    """

    pid: int
    cores: float
    connections: int
    unread: Ints
    main: tuple[str, ...]
    waits: tuple[str, ...]
    shared: float


@dataclass(frozen=True, slots=True)
class Looks:
    """All looks at a server: at each the connections not accepted, the requests not read, and those inside it.

    `delay_s`: seconds per second for which its threads were ready to run and had no core. `light_s`: seconds to the
    answer of the light request, NaN where it was not answered; None where there was none.
    """

    unaccepted: Ints
    unread: Ints
    inside: Ints
    processes: tuple[Process, ...]
    delay_s: float
    light_s: float | None

    @property
    def read_share(self) -> float:
        """The share of the requests in flight that were accepted and read, over all looks; 1 where there were none."""
        inside, outside = int(self.inside.sum()), int((self.unaccepted + self.unread).sum())
        return inside / (inside + outside) if inside + outside else 1.0

    @property
    def queued_share(self) -> float:
        """The share of the looks at which a request waited to be accepted or read."""
        return float(np.mean(self.unaccepted + self.unread > 0))


def looks(samples: Samples) -> Looks | None:
    """What the looks saw; None where there were too few."""
    count = len(samples.look_t_s)
    length_s = float(np.ptp(samples.look_t_s)) if count else 0.0
    if count < FEWEST or length_s <= 0 or len(samples.process_look) == 0:
        return None
    unread = np.bincount(samples.process_look, samples.process_unread, count).astype(np.int64)
    went = sent(samples)
    begun_s, done_s = np.sort(samples.sent_s[went]), np.sort(samples.done_s[went])
    in_flight = np.searchsorted(begun_s, samples.look_t_s, "right") - np.searchsorted(done_s, samples.look_t_s, "right")
    _, delays_s = _gained_s(samples, np.full(len(samples.thread_id), fill_value=True))
    return Looks(
        unaccepted=samples.look_unaccepted,
        unread=unread,
        inside=np.maximum(in_flight - samples.look_unaccepted - unread, 0),
        processes=tuple(_process(samples, int(pid)) for pid in np.unique(samples.process_pid)),
        delay_s=float(delays_s.sum()) / length_s,
        light_s=None if samples.look_light_s[-1] < 0 else float(samples.look_light_s[-1]),
    )


def _process(samples: Samples, pid: int) -> Process:
    own, threads = samples.process_pid == pid, samples.thread_pid == pid
    at_s, used_s = samples.look_t_s[samples.process_look[own]], samples.process_cpu_s[own]
    known = ~np.isnan(used_s)
    cpu_s, length_s = (float(np.ptp(column[known])) if known.any() else 0.0 for column in (used_s, at_s))
    calls = np.array(samples.calls)[samples.thread_call]
    gained_s, _ = _gained_s(samples, threads)
    return Process(
        pid=pid,
        cores=cpu_s / length_s if length_s else 0.0,
        connections=int(samples.process_connections[own].max()),
        unread=samples.process_unread[own],
        main=tuple(str(call) for call in calls[threads & (samples.thread_id == pid)]),
        waits=tuple(str(call) for call in calls[threads]),
        shared=float(gained_s.sum() - gained_s.max()) / cpu_s if cpu_s and len(gained_s) else 0.0,
    )


def _gained_s(samples: Samples, threads: Mask) -> tuple[Floats, Floats]:
    """CPU and run delay of each of these threads from the first to the last look; of those that were there at both."""
    rows = np.flatnonzero(threads & ~np.isnan(samples.thread_cpu_s))
    rows = rows[np.argsort(samples.thread_id[rows], kind="stable")]
    pairs = np.flatnonzero(np.diff(samples.thread_id[rows]) == 0)
    first, last = rows[pairs], rows[pairs + 1]
    return tuple(column[last] - column[first] for column in (samples.thread_cpu_s, samples.thread_delay_s))  # type: ignore[return-value]
