"""A service whose CPU per request is known: it uses up what a request leaves of its budget.

All that a worker does counts, the server's part of a request and the worker's own start too. It is a configuration of
gunicorn as well.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, ClassVar

BUDGET_S = {"/worker": 0.005, "/thread": 0.005, "/child": 0.012, "/daemon": 0.005}
CHILD_S = 0.005
"""What a child uses, waited for or not; a daemon's is beyond the budget of the worker."""


class Worker:
    """What this worker has done."""

    kept: ClassVar[list[bytearray]] = []
    served = 0


def used_s() -> float:
    """CPU seconds of this worker and of the children that it has waited for."""
    return sum(one.ru_utime + one.ru_stime for one in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def burn(until_s: float, clock: Callable[[], float] = used_s) -> None:
    while clock() < until_s:
        pass


def fork(*, leave: bool) -> None:
    """Use CPU in a child, or with `leave` in an orphan of a session of its own."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    if leave:
        os.setsid()
        if os.fork():
            os._exit(0)
    own = getrusage(RUSAGE_SELF)
    burn(own.ru_utime + own.ru_stime + CHILD_S)
    os._exit(0)


def app(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path in BUDGET_S:
        Worker.served += 1
        until_s = Worker.served * BUDGET_S[path]
        if path in {"/child", "/daemon"}:
            fork(leave=path == "/daemon")
        if path == "/thread":
            thread = threading.Thread(target=burn, args=(until_s,))
            thread.start()
            thread.join()
        burn(until_s)
    if path == "/leak":
        Worker.kept.append(bytearray(os.urandom(4096)) * 256)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def worker_exit(_server: object, _worker: object) -> None:
    """End right away: to tidy up would take as long as several requests, which no budget has."""
    os._exit(0)
