"""GET /process in a coroutine."""

import asyncio

from flask import Blueprint

from flask_app.parameters import once, parameter
from flask_app.waiting import DELAY_MS, Processed, read_delay_ms

routes = Blueprint("waiting", __name__)


@routes.get("/process")
async def process() -> Processed:
    """The delay, after a sleep of `delay_ms` milliseconds."""
    once("delay_ms")
    delay_ms = parameter("delay_ms", read_delay_ms, DELAY_MS, default="100")
    await asyncio.sleep(delay_ms / 1000)
    return {"status": "done", "delay_ms": delay_ms}
