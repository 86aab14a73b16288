"""GET /process: a wait without any other work."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator

from fastapi_app.bodies import Record
from fastapi_app.parameters import integer_between, once

router = APIRouter()

DelayMs = Annotated[
    int,
    BeforeValidator(partial(integer_between, low=0, high=10_000)),
    Query(description="an integer from 0 to 10000"),
]


class Processed(Record):
    """The answer of /process; the delay is in milliseconds."""

    status: str
    delay_ms: int


@router.get("/process", dependencies=[once("delay_ms")])
async def process(delay_ms: DelayMs = 100) -> Processed:
    """The delay, after a sleep of `delay_ms` milliseconds."""
    await asyncio.sleep(delay_ms / 1000)
    return Processed(status="done", delay_ms=delay_ms)
