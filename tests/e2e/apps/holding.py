"""A WSGI app that holds a thread for as long as the path says: /0.05 for 50 ms. /busy holds 8 requests, others fail.

gunicorn --threads 4 holding:app
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

MOST = 8
"""So many may be at /busy at a time."""

_at_busy = threading.Semaphore(MOST)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Wait, then answer `ok`."""
    path = environ["PATH_INFO"].lstrip("/")
    status = "200 OK"
    if path == "busy":
        if _at_busy.acquire(blocking=False):
            time.sleep(0.05)
            _at_busy.release()
        else:
            status = "503 Service Unavailable"
    elif path != "ready":
        time.sleep(float(path))
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
