"""A WSGI app that waits in the threads of its server."""

import time
from collections.abc import Callable, Iterable
from typing import Any

WAIT_S = 0.1


def app(_environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer every path after a while."""
    time.sleep(WAIT_S)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
