"""Readings of every role, about once a second, from a thread of the harness."""

import heapq
import threading
import time
from collections.abc import Mapping
from types import TracebackType

from bench.errors import BenchError
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import OneProcess, Tree
from bench.run.testbed.readings import Reading, read

INTERVAL_S = 1.0
COST_SHARE = 0.004
"""A reading that costs more than this share of the interval makes the interval longer: under 1 % of a core in all."""


class Sampler:
    """A context that reads every `interval_s`, and at each moment that `read_at` names, into `readings`.

    `others`: readings at such moments include every other process of the machine. The first reading is `idle`, taken
    before. A reading that costs much is taken less often. On leaving, a last one is taken, so that the window lies
    between two readings; an error of the thread is raised then.
    """

    def __init__(
        self,
        servers: Mapping[str, Tree],
        load_side: Mapping[str, OneProcess],
        cpus: CpuSets,
        idle: Reading,
        interval_s: float = INTERVAL_S,
        *,
        others: bool = False,
    ) -> None:
        self.readings = [idle]
        self._servers = servers
        self._load_side = load_side
        self._cpus = cpus
        self._interval_s = interval_s
        self._others = others
        self._moments: list[float] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sampler")

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()
        if error is None and self._error is not None:
            raise BenchError(f"the sampler failed: {type(self._error).__name__}: {self._error}") from self._error

    def read_at(self, moment_s: float) -> None:
        """Take a reading at this moment too."""
        with self._wake:
            heapq.heappush(self._moments, moment_s)
            self._wake.notify()

    def _run(self) -> None:
        try:
            next_s = time.monotonic()
            while (asked := self._wait_until_due(next_s)) is not None:
                next_s = time.monotonic() + max(
                    self._interval_s, self._read(others=self._others and asked) / COST_SHARE
                )
            self._read()
        except Exception as error:  # noqa: BLE001 (raised again by the thread that leaves the context)
            self._error = error

    def _wait_until_due(self, next_s: float) -> bool | None:
        """Wait for the next reading; whether it was asked for, or None once the sampler is to stop."""
        with self._wake:
            while not self._stopping:
                now_s = time.monotonic()
                due_s = min([next_s, *self._moments[:1]])
                if due_s <= now_s:
                    asked = False
                    while self._moments and self._moments[0] <= now_s:
                        heapq.heappop(self._moments)
                        asked = True
                    return asked
                self._wake.wait(min(due_s - now_s, threading.TIMEOUT_MAX))
            return None

    def _read(self, *, others: bool = False) -> float:
        """Take a reading; the CPU seconds that it cost."""
        before_s = time.thread_time()
        self.readings.append(read(self._servers, self._load_side, self._cpus, others=others))
        return time.thread_time() - before_s
