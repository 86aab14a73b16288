"""How fast the server's core is now: the time that a fixed piece of work takes on it."""

import time
from collections.abc import Sequence

from bench.run.host.cpus import pinned

STEPS = 100_000
TRIES = 3


def probe_s(cpus: Sequence[int]) -> float:
    """CPU seconds of a fixed pure-Python loop on the first of these cores, the best of three: about 15 ms in all.

    The best, because interruptions are recorded elsewhere (steal); this measures the core's own speed.
    """
    with pinned(cpus[:1]):
        return min(_work_s() for _ in range(TRIES))


def _work_s() -> float:
    begun_s = time.thread_time()
    result = 0
    for step in range(STEPS):
        result = (result * 31 + step) % 1_000_003
    return time.thread_time() - begun_s
