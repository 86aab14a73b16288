"""GET /process in a plain function."""

import time

from fastapi import APIRouter

from fastapi_app.parameters import once
from fastapi_app.waiting import DelayMs, Processed

router = APIRouter()


@router.get("/process", dependencies=[once("delay_ms")])
def process(delay_ms: DelayMs = 100) -> Processed:
    """The delay, after a sleep of `delay_ms` milliseconds."""
    time.sleep(delay_ms / 1000)
    return Processed(status="done", delay_ms=delay_ms)
