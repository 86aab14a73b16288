"""The routes. Coroutines: a request holds the event loop only while it computes."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from fastapi_app.compute import Processes, burn
from fastapi_app.models import (
    Aggregate,
    City,
    Computed,
    DelayMs,
    Health,
    N,
    Offload,
    Problem,
    Processed,
    Strategy,
    UserId,
    Weather,
)

# The routes know no client: those of the other variant take some of this module.
if TYPE_CHECKING:
    from fastapi_app.upstream import Upstream

METHODS = ["GET", "HEAD"]


class ExactRoute(APIRoute):
    """A route that does not match its path with a newline behind it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")


router = APIRouter(route_class=ExactRoute)


def once(*names: str) -> Dependency:
    """A dependency that raises Problem 422 for the first of these parameters that was given more than once."""

    # A coroutine, although it awaits nothing: FastAPI would give a function to a thread.
    async def check(request: Request) -> None:
        query = request.query_params
        for name in names:
            if len(query.getlist(name)) > 1:
                raise Problem(422, f"{name} must be given once")

    dependency: Dependency = Depends(check)
    return dependency


@router.api_route("/health", methods=METHODS)
async def health() -> Health:
    """The service is up; nothing else is asked."""
    return Health(status="ok")


@router.api_route("/process", methods=METHODS, dependencies=[once("delay_ms")])
async def process(delay_ms: DelayMs = 100) -> Processed:
    """Sleeps `delay_ms` milliseconds."""
    await asyncio.sleep(delay_ms / 1000)
    return Processed(status="done", delay_ms=delay_ms)


@router.api_route("/weather", methods=METHODS, dependencies=[once("city")])
async def weather(request: Request, city: City) -> Weather:
    """The temperature in `city`: one upstream call."""
    return Weather(city=city, temp_c=await _upstream(request).weather(city))


@router.api_route("/aggregated-data/{user_id}", methods=METHODS, dependencies=[once("strategy")])
async def aggregated_data(request: Request, user_id: UserId, strategy: Strategy = Strategy.PARALLEL) -> Aggregate:
    """A user with orders and reviews: three upstream calls, at once or one after the other."""
    if strategy is Strategy.PARALLEL:
        return await _upstream(request).parallel(user_id)
    return await _upstream(request).sequential(user_id)


@router.api_route("/compute", methods=METHODS, dependencies=[once("n", "offload")])
async def compute(request: Request, n: N = 10_000, offload: Offload = Offload.NONE) -> Computed:
    """`n` steps of CPU work, on the event loop, in a thread or in another process."""
    if offload is Offload.THREAD:
        result = await run_in_threadpool(burn, n)
    elif offload is Offload.PROCESS:
        processes: Processes = request.app.state.processes
        result = await asyncio.get_running_loop().run_in_executor(processes.pool(), burn, n)
    else:
        result = burn(n)
    return Computed(n=n, result=result)


def _upstream(request: Request) -> "Upstream":
    upstream: Upstream = request.app.state.upstream
    return upstream
