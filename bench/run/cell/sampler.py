"""Readings of every role, about once a second, and of the servers' RSS more often, from a thread of the harness."""

import heapq
import math
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from bench.errors import BenchError
from bench.run.host.cores import ProcessTime
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import OneProcess, Tree
from bench.run.testbed.readings import Reading, Resident, processes_beside, read, read_resident

INTERVAL_S = 1.0
RESIDENT_SHARE = 0.4
"""RSS is read each time that this share of the interval has passed: ten times in 4 s."""
COST_SHARE = 0.003
"""A reading that costs more than this share of its interval makes that longer: under 1 % of a core in all."""


class Sampler:
    """A context that reads every `interval_s`, and at each moment that `read_at` names, into `readings`.

    Between them it reads RSS alone, into `residents`; with an endless interval it does not. `others`: at such
    moments every other process of the machine is listed in `beside`. The first reading is `idle`, taken before. A
    reading that costs much is taken less often. On leaving, a last one is taken, so that the window lies between two
    readings; an error of the thread is raised then.
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
        self.residents: list[Resident] = []
        self.beside: list[Mapping[int, ProcessTime]] = []
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
            read_s = time.monotonic()
            resident_s = read_s + RESIDENT_SHARE * self._interval_s
            while (act := self._wait_until_due(read_s, resident_s)) is not None:
                least_s = act() / COST_SHARE
                now_s = time.monotonic()
                if act != self._read_resident:
                    read_s = now_s + max(self._interval_s, least_s)
                else:
                    resident_s = max(resident_s + max(RESIDENT_SHARE * self._interval_s, least_s), now_s)
            self._read()
        except Exception as error:  # noqa: BLE001 (raised again by the thread that leaves the context)
            self._error = error

    def _wait_until_due(self, read_s: float, resident_s: float) -> Callable[[], float] | None:
        """Wait until a reading is due, regular or asked for, and return what takes it; None once it is to stop."""
        with self._wake:
            while not self._stopping:
                now_s = time.monotonic()
                asked_s = min(self._moments, default=math.inf)
                if min(read_s, asked_s) <= now_s:
                    while self._moments and self._moments[0] <= now_s:
                        heapq.heappop(self._moments)
                    return self._read_all if asked_s <= now_s else self._read
                if resident_s <= now_s:
                    return self._read_resident
                self._wake.wait(min(min(read_s, asked_s, resident_s) - now_s, threading.TIMEOUT_MAX))
            return None

    def _read_all(self) -> float:
        """Read, and list what runs beside. The cost of the list does not count: it is taken twice or so in a cell."""
        cost_s = self._read()
        if self._others:
            self.beside.append(processes_beside(self._servers.values(), self._load_side.values()))
        return cost_s

    def _read(self) -> float:
        """Take a reading; the CPU seconds that it cost."""
        before_s = time.thread_time()
        self.readings.append(read(self._servers, self._load_side, self._cpus))
        return time.thread_time() - before_s

    def _read_resident(self) -> float:
        """Read RSS; the CPU seconds that it cost."""
        before_s = time.thread_time()
        self.residents.append(read_resident(self._servers))
        return time.thread_time() - before_s
