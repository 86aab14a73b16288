"""GET /compute: CPU work on the event loop, in a thread or in another process."""

import asyncio
from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator

from fastapi_app.bodies import Record
from fastapi_app.cpu import Processes, burn
from fastapi_app.parameters import integer_between, once

router = APIRouter()


class Offload(StrEnum):
    """Where the work runs: where the request runs, in another thread, or in another process."""

    NONE = "none"
    THREAD = "thread"
    PROCESS = "process"


N = Annotated[
    int,
    BeforeValidator(partial(integer_between, low=1, high=1_000_000)),
    Query(description="an integer from 1 to 1000000"),
]
OffloadName = Annotated[Offload, Query(description="none, thread or process")]


class Computed(Record):
    """The answer of /compute."""

    n: int
    result: int


@router.get("/compute", dependencies=[once("n", "offload")])
async def compute(request: Request, n: N = 10_000, offload: OffloadName = Offload.NONE) -> Computed:
    """The result of `n` steps of CPU work."""
    if offload is Offload.THREAD:
        result = await run_in_threadpool(burn, n)
    elif offload is Offload.PROCESS:
        processes: Processes = request.app.state.processes
        result = await asyncio.get_running_loop().run_in_executor(processes.pool(), burn, n)
    else:
        result = burn(n)
    return Computed(n=n, result=result)
