"""Looks at the server after the window, under the same load: what is queued, and what each thread waits in."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.plan.duration import LOOK_S
from bench.run.host import sockets, threads
from bench.run.host.tree import Tree

LOOKS = 20
MOST_THREADS = 40
"""So many threads of a process are looked at: a look costs at most 5 ms of CPU, and idle threads are all alike."""


@dataclass(slots=True)
class _Rows:
    """The columns of the three tables of looks in bench/model/samples.py, growing."""

    columns: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **row: float) -> None:
        """Add one row of one table."""
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)


class Looker:
    """A context that takes LOOKS looks in LOOK_S, once `begin` is called, from a thread of its own.

    On leaving it waits for the last look; an error of the thread is raised then.
    """

    def __init__(self, tree: Tree, port: int) -> None:
        self._tree = tree
        self._port = port
        self._pids: list[int] = []
        self._rows = _Rows()
        self._calls: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="looker")
        self._stopping = threading.Event()
        self._error: Exception | None = None

    def begin(self) -> None:
        """Take the looks from now on."""
        self._thread.start()

    def __enter__(self) -> "Looker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        if error is None and self._error is not None:
            raise BenchError(
                f"looking at the server failed: {type(self._error).__name__}: {self._error}"
            ) from self._error

    def arrays(self) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
        """The columns of all looks, by name; without looks, none."""
        if not self._rows.columns:
            return {}
        columns = {name: np.array(column) for name, column in self._rows.columns.items()}
        return {**columns, "calls": np.array(list(self._calls))}

    def _run(self) -> None:
        try:
            begun_s = time.monotonic()
            self._pids = [member.pid for member in self._tree.program.tree()]
            for number in range(LOOKS):
                if self._stopping.wait(max(begun_s + number * LOOK_S / LOOKS - time.monotonic(), 0.0)):
                    return
                self._look(number)
        except Exception as error:  # noqa: BLE001 (raised again by the thread that leaves the context)
            self._error = error

    def _look(self, number: int) -> None:
        """One look. Sockets come first, at one moment; then each process with its threads."""
        t_s = time.monotonic()
        found = sockets.connections(self._port)
        self._rows.add(look_t_s=t_s, look_unaccepted=sockets.unaccepted(found))
        for pid in self._pids:
            own = sockets.inodes(pid)
            held = [one for one in found if one.inode in own]
            self._rows.add(
                process_look=number,
                process_pid=pid,
                process_connections=len(held),
                process_unread=sum(one.unread for one in held),
                process_cpu_s=_cpu_s(pid),
            )
            for thread in _some(threads.thread_ids(pid)):
                use = threads.usage(pid, thread) if number in {0, LOOKS - 1} else None
                self._rows.add(
                    thread_look=number,
                    thread_pid=pid,
                    thread_id=thread,
                    thread_call=self._calls.setdefault(_call(pid, thread), len(self._calls)),
                    thread_cpu_s=np.nan if use is None else use.cpu_s,
                    thread_delay_s=np.nan if use is None else use.delay_s,
                )


def _call(pid: int, thread: int) -> str:
    """What a thread waits in; UNKNOWN where it has ended, or the kernel does not let this process look."""
    try:
        return threads.call(pid, thread)
    except OSError:
        return threads.UNKNOWN


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process; NaN where it has ended."""
    try:
        return threads.process_cpu_s(pid)
    except OSError:
        return np.nan


def _some(found: Sequence[int]) -> Sequence[int]:
    """All of them, or of many the first and others evenly spread: the same at each look as long as none ends."""
    if len(found) <= MOST_THREADS:
        return found
    return [found[round(place * (len(found) - 1) / (MOST_THREADS - 1))] for place in range(MOST_THREADS)]
