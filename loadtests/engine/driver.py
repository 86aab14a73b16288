"""The driver of an open-loop load: each arrival is sent on schedule, whatever happened to earlier ones."""

import time
from collections.abc import Callable, Iterable

import gevent

from loadtests.engine.pool import Pool

POLL_S = 0.02
"""The longest sleep before the driver checks again whether the load has ended."""

LEAST_SLEEP_S = 1e-6
"""A driver that is late yields to the event loop too; with a sleep of 0 no answer would be read."""

ARREARS_S = 0.1
"""An arrival that has not begun so long after the load's end is given up. Timers alone are 1 to 2 ms late."""


def drive(
    arrivals: Iterable[float],
    pool: Pool,
    end_s: Callable[[], float],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = gevent.sleep,
) -> None:
    """Hand each arrival to the pool when it is due; return at the first that is scheduled at or after `end_s()`.

    Arrivals are times on the clock, ascending. The end is infinite until it is decided, and may be decided late: what
    is due meanwhile goes out on time.
    """
    now_s = clock()
    for number, scheduled_s in enumerate(arrivals):
        while now_s < scheduled_s < end_s():
            sleep(max(min(scheduled_s - clock(), POLL_S), LEAST_SLEEP_S))
            now_s = clock()  # and read no more until all that is due by now has begun
        if scheduled_s >= end_s():
            return
        if now_s < end_s() + ARREARS_S:
            pool.begin(number, scheduled_s)
        else:
            pool.forgo(scheduled_s)
