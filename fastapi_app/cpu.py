"""CPU work in pure Python, and a pool of processes to run it in.

This module imports nothing of the service or its framework, because every process of the pool imports it.
"""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor


def burn(n: int) -> int:
    """The result of `n` steps that hold the GIL throughout."""
    result = 0
    for i in range(n):
        result = (result * 31 + i) % 1_000_003
    return result


def usable_cores() -> int:
    """The number of cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        return os.cpu_count() or 1


class Processes:
    """A pool with one process for each usable core, started on first use.

    Even an idle pool has a process of its own, which tracks its semaphores. A service that never offloads work must
    not pay for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def pool(self) -> ProcessPoolExecutor:
        """The pool, for `submit` or `run_in_executor`."""
        with self._lock:
            if self._pool is None:
                # Not "fork": the server has threads, and a child must not inherit a lock that one of them holds.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(usable_cores(), mp_context=context)
            return self._pool

    def close(self) -> None:
        """Ends the processes once they have finished their work."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown()
