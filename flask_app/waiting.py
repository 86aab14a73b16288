"""GET /process: a wait without any other work."""

import time
from functools import partial
from typing import TypedDict

from flask import Blueprint

from flask_app.parameters import integer_between, once, parameter

routes = Blueprint("waiting", __name__)

DELAY_MS = "an integer from 0 to 10000"
read_delay_ms = partial(integer_between, low=0, high=10_000)


class Processed(TypedDict):
    """The answer of /process; the delay is in milliseconds."""

    status: str
    delay_ms: int


@routes.get("/process")
def process() -> Processed:
    """The delay, after a sleep of `delay_ms` milliseconds."""
    once("delay_ms")
    delay_ms = parameter("delay_ms", read_delay_ms, DELAY_MS, default="100")
    time.sleep(delay_ms / 1000)
    return {"status": "done", "delay_ms": delay_ms}
