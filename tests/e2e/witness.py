"""Whether the machine itself disturbed a measurement: other programs on its cores, or a host that held it up."""

import os
import resource
import threading
import time
from typing import Self

import psutil
import pytest

from bench.run.host.cpus import pinned

OTHERS_CORES = 0.05
LATE_S = 0.004
"""Where other programs use more of a core, or a core sleeps so much too long, is no place to measure."""

NAP_S = 0.01


class Witness:
    """Watches each core while it is entered. What this process starts and waits for meanwhile is no disturbance."""

    def __init__(self) -> None:
        self.others_cores = 0.0
        self.late_s = 0.0
        self._leaving = threading.Event()
        cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._threads = [threading.Thread(target=self._watch, args=(cpu,)) for cpu in cpus]

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._begun_s, self._busy_s, self._own_s = time.monotonic(), _busy_s(), _own_s()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no longer."""
        self._leaving.set()
        for thread in self._threads:
            thread.join()
        others_s = _busy_s() - self._busy_s - (_own_s() - self._own_s)
        self.others_cores = others_s / (time.monotonic() - self._begun_s)

    @property
    def disturbed(self) -> bool:
        """Whether there was anything that a measurement may show."""
        return self.others_cores > OTHERS_CORES or self.late_s > LATE_S

    def excuse(self, asserted: bool) -> None:
        """Skip the test if what it asserts is false and the machine was disturbed: then it cannot tell."""
        if self.disturbed and not asserted:
            pytest.skip(str(self))

    def __str__(self) -> str:
        """What it saw."""
        return f"other programs used {self.others_cores:.2f} cores, a core was held up for {self.late_s * 1e3:.1f} ms"

    def _watch(self, cpu: int) -> None:
        with pinned((cpu,)):
            while not self._leaving.is_set():
                begun_s = time.monotonic()
                time.sleep(NAP_S)
                self.late_s = max(self.late_s, time.monotonic() - begun_s - NAP_S)


def _busy_s() -> float:
    """CPU seconds of everything on the machine."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _own_s() -> float:
    """CPU seconds of this process, and of all programs that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
