"""Looks at the server after the window, under the same load: what is queued, and what each thread waits in."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.plan.duration import LOOK_S
from bench.run.host import sockets, threads
from bench.run.host.ports import HOST
from bench.run.host.tree import Tree

LOOKS = 20
MOST_THREADS = 12
"""So many threads of a process are looked at: each costs CPU on the load's core, and idle threads are all alike."""

ANSWER_BYTES = 65536


@dataclass(slots=True)
class _Rows:
    """The columns of the three tables of looks in bench/model/samples.py, growing."""

    columns: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **row: float) -> None:
        """Add one row of one table."""
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)


class _LightRequest:
    """One GET of a path, from a thread of its own: `took_s` is NaN until it is answered, -1 where there is no path.

    Its connection comes from the port `own`, and is closed as soon as the answer begins: a server may wait for that,
    and do nothing else meanwhile.
    """

    def __init__(self, port: int, path: str | None) -> None:
        self.took_s = np.nan if path is not None else -1.0
        self._target = (HOST, port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode()
        self._socket = socket.socket()
        self._socket.bind((HOST, 0))
        self.own = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="light request")

    def send(self) -> None:
        """Send it, where there is a path."""
        if np.isnan(self.took_s):
            self._thread.start()

    def close(self) -> None:
        """Give up where there is no answer yet."""
        with suppress(OSError):  # not connected
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        sent_s = time.monotonic()
        with suppress(OSError):  # refused, reset, or given up: no answer
            self._socket.connect(self._target)
            self._socket.sendall(self._request)
            if self._socket.recv(ANSWER_BYTES):
                self.took_s = time.monotonic() - sent_s
        self._socket.close()


class Looker:
    """A context that takes LOOKS looks in LOOK_S, once `begin` is called, from a thread of its own.

    It takes none where the platform does not list connections. On leaving it waits for the last look; an error of the
    thread is raised then.
    """

    def __init__(self, tree: Tree, port: int, ready_path: str | None) -> None:
        self._tree = tree
        self._port = port
        self._light = _LightRequest(port, ready_path)
        self._inodes: dict[int, set[int]] = {}
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
        self._light.close()
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
            self._inodes = {member.pid: set() for member in self._tree.program.tree()}
            self._light.send()
            for number in range(-1, LOOKS):  # at first it is only learnt who holds which connection
                if self._stopping.wait(max(begun_s + (number + 1) * LOOK_S / (LOOKS + 1) - time.monotonic(), 0.0)):
                    return
                found = sockets.connections(self._port)
                if found is None:
                    return
                own = found[found["peer"] != self._light.own]
                self._learn({inode for inode in own["inode"].tolist() if inode})
                if number >= 0:
                    self._look(number, own)
        except Exception as error:  # noqa: BLE001 (raised again by the thread that leaves the context)
            self._error = error

    def _look(self, number: int, found: sockets.Connections) -> None:
        """Record one look: the connections that were `found`, then each process and its threads."""
        inodes, unread = found["inode"].tolist(), (found["unread"] > 0).tolist()
        self._rows.add(look_t_s=time.monotonic(), look_unaccepted=inodes.count(0), look_light_s=self._light.took_s)
        for pid, own in self._inodes.items():
            held = [waits for inode, waits in zip(inodes, unread, strict=True) if inode in own]
            self._rows.add(
                process_look=number,
                process_pid=pid,
                process_connections=len(held),
                process_unread=sum(held),
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

    def _learn(self, inodes: set[int]) -> None:
        """Learn who holds connections that are new.

        To list open files takes milliseconds where there are hundreds. Those of the process with most of them are not
        listed: what no other holds is its own.
        """
        new = inodes.difference(*self._inodes.values())
        if not new:
            return
        first, *others = sorted(self._inodes, key=sockets.open_files, reverse=True)
        for pid in others:
            self._inodes[pid] = sockets.inodes(pid)
        self._inodes[first] |= new.difference(*(self._inodes[pid] for pid in others))


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
