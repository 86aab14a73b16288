"""A WSGI app in which each path runs into another limit, or only looks as if it did."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent import monkey

WAIT_S = 0.1
BURN_S = 0.005

lock = threading.Lock()


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer a path after what it waits for; any other path after a while."""
    match environ["PATH_INFO"]:
        case "/locked":
            with lock:
                time.sleep(WAIT_S)
        case "/burns":
            end_s = time.thread_time() + BURN_S
            while time.thread_time() < end_s:
                pass
        case "/at-once":
            pass
        case "/blocks":  # what gevent has not patched
            monkey.get_original("time", "sleep")(WAIT_S)
        case _:
            time.sleep(WAIT_S)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
