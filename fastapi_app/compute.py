"""CPU work in pure Python, and the processes that it may be given to.

A module of its own, without the framework: a worker process imports this and nothing else of the service.
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
    """One pool of processes, one a usable core, started by its first use.

    Even an idle pool runs a process that tracks its semaphores: a service that never offloads shall not pay for it.
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
        """Ends the processes, once they have finished what they were given."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown()
