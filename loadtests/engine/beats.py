"""The load generator's timer: how late its event loop comes to what is due."""

import time
from collections.abc import Callable
from itertools import count

import gevent

BEAT_S = 0.01


def beat(
    begun_s: float,
    end_s: Callable[[], float],
    keep: Callable[[float, float], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = gevent.sleep,
) -> None:
    """Keep (due_s, late_s) of a beat every BEAT_S from `begun_s` on; return at the first due at or after `end_s()`.

    The beats are due on a fixed grid: every beat that fell due during a stall is kept, each with its own lateness. A
    timer that started anew after a stall would count a long stall once.
    """
    now_s = clock()
    for number in count():
        due_s = begun_s + number * BEAT_S
        while now_s < due_s < end_s():
            sleep(due_s - now_s)
            now_s = clock()
        if due_s >= end_s():
            return
        keep(due_s, now_s - due_s)
