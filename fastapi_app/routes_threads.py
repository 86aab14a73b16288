"""The routes again, as plain functions: FastAPI gives each request to a thread of its pool."""

import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Request

from fastapi_app.compute import Processes, burn
from fastapi_app.models import (
    Aggregate,
    City,
    Computed,
    DelayMs,
    Health,
    N,
    Offload,
    Processed,
    Strategy,
    UserId,
    Weather,
)
from fastapi_app.routes import METHODS, ExactRoute, once
from fastapi_app.upstream_threads import Upstream

router = APIRouter(route_class=ExactRoute)


@router.api_route("/health", methods=METHODS)
def health() -> Health:
    """The service is up; nothing else is asked."""
    return Health(status="ok")


@router.api_route("/process", methods=METHODS, dependencies=[once("delay_ms")])
def process(delay_ms: DelayMs = 100) -> Processed:
    """Sleeps `delay_ms` milliseconds."""
    time.sleep(delay_ms / 1000)
    return Processed(status="done", delay_ms=delay_ms)


@router.api_route("/weather", methods=METHODS, dependencies=[once("city")])
def weather(request: Request, city: City) -> Weather:
    """The temperature in `city`: one upstream call."""
    return Weather(city=city, temp_c=_upstream(request).weather(city))


@router.api_route("/aggregated-data/{user_id}", methods=METHODS, dependencies=[once("strategy")])
def aggregated_data(request: Request, user_id: UserId, strategy: Strategy = Strategy.PARALLEL) -> Aggregate:
    """A user with orders and reviews: three upstream calls, at once or one after the other."""
    if strategy is Strategy.PARALLEL:
        return _upstream(request).parallel(user_id)
    return _upstream(request).sequential(user_id)


@router.api_route("/compute", methods=METHODS, dependencies=[once("n", "offload")])
def compute(request: Request, n: N = 10_000, offload: Offload = Offload.NONE) -> Computed:
    """`n` steps of CPU work, in this thread, in another one or in another process."""
    if offload is Offload.THREAD:
        threads: ThreadPoolExecutor = request.app.state.threads
        result = threads.submit(burn, n).result()
    elif offload is Offload.PROCESS:
        processes: Processes = request.app.state.processes
        result = processes.pool().submit(burn, n).result()
    else:
        result = burn(n)
    return Computed(n=n, result=result)


def _upstream(request: Request) -> Upstream:
    upstream: Upstream = request.app.state.upstream
    return upstream
