"""A configuration of gunicorn in which the first worker serves, and all others hang once they are given a request."""

import time
from typing import Any


def post_worker_init(worker: Any) -> None:
    """Let a worker that is not the first accept nothing but the attempt that it makes when it starts."""
    accept = worker.accept
    attempts = iter([accept])

    def once(listener: Any) -> Any:
        for attempt in attempts:
            return attempt(listener)
        return time.sleep(1000)

    if worker.age > 1:
        worker.accept = once
