"""A WSGI app that computes for 5 ms at /burn, in a function of its own.

gunicorn --threads 4 burning_here:app
"""

import time
from collections.abc import Callable, Iterable
from typing import Any


def burn_for(seconds: float) -> None:
    """Compute."""
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        sum(range(100))


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Compute, then answer `ok`."""
    if environ["PATH_INFO"] == "/burn":
        burn_for(0.005)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
