"""A WSGI app that holds a thread for as long as the path says: /0.05 for 50 ms, /random/0.05 for 50 ms on average.

/busy holds 8 requests, others fail. /fragile holds 20, and fails from the first overload on. Where HOLDS names a file,
each hold is written to it: when it began and ended, in seconds on CLOCK_MONOTONIC.

gunicorn --threads 4 holding:app
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

MOST, FRAGILE_MOST = 8, 20
"""So many may be at /busy and at /fragile at a time."""

CROWD = 60
"""So many at /fragile, waiting included, harm it."""

_places = threading.Semaphore(MOST)
_fragile_places = threading.Semaphore(FRAGILE_MOST)
_chance = random.Random(1)
_waiting: set[int] = set()
_harmed = threading.Event()


class Held:
    """The body of an answer, which notes the hold once all of it has been sent."""

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s

    def __iter__(self) -> Iterator[bytes]:
        yield b"ok"

    def close(self) -> None:
        """Called by the server when it has sent the answer."""
        if (name := os.environ.get("HOLDS")) is not None:
            with Path(name).open("a", encoding="utf-8") as file:
                file.write(f"{self.began_s!r} {time.monotonic()!r}\n")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Wait, then answer `ok`."""
    began_s = time.monotonic()
    path = environ["PATH_INFO"].lstrip("/")
    failed = (path == "busy" and not _busy()) or (path == "fragile" and not _fragile())
    status = "503 Service Unavailable" if failed else "200 OK"
    body: Iterable[bytes] = [b"ok"]
    if path not in ("busy", "fragile", "ready"):
        *drawn, hold_s = path.split("/")
        time.sleep(_chance.expovariate(1 / float(hold_s)) if drawn else float(hold_s))
        body = Held(began_s)
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return body


def _busy() -> bool:
    """Whether there was a place."""
    there_was = _places.acquire(blocking=False)
    if there_was:
        time.sleep(0.05)
        _places.release()
    return there_was


def _fragile() -> bool:
    """Whether there has never been a crowd."""
    _waiting.add(threading.get_ident())
    if len(_waiting) > CROWD:
        _harmed.set()
    if not _harmed.is_set():
        with _fragile_places:
            time.sleep(0.05)
    _waiting.discard(threading.get_ident())
    return not _harmed.is_set()
