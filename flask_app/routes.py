"""The routes. Plain functions: a request holds its thread from the first line to the last."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Blueprint, current_app, request

from flask_app import models
from flask_app.compute import Processes, burn
from flask_app.models import Aggregate, Computed, Health, Offload, Problem, Processed, Strategy, Weather
from flask_app.upstream import Upstream

T = TypeVar("T")

routes = Blueprint("routes", __name__)


def once(*names: str) -> None:
    """Raises Problem 422 for the first of these parameters that was given more than once."""
    for name in names:
        if len(request.args.getlist(name)) > 1:
            raise Problem(422, f"{name} must be given once")


@routes.get("/health")
def health() -> Health:
    """The service is up; nothing else is asked."""
    return {"status": "ok"}


@routes.get("/process")
def process() -> Processed:
    """Sleeps `delay_ms` milliseconds."""
    once("delay_ms")
    delay_ms = _parameter("delay_ms", models.delay_ms, default="100")
    time.sleep(delay_ms / 1000)
    return {"status": "done", "delay_ms": delay_ms}


@routes.get("/weather")
def weather() -> Weather:
    """The temperature in `city`: one upstream call."""
    once("city")
    city = _parameter("city", models.city, default="")
    return {"city": city, "temp_c": _upstream().weather(city)}


@routes.get("/aggregated-data/<user_id>")
def aggregated_data(user_id: str) -> Aggregate:
    """A user with orders and reviews: three upstream calls, at once or one after the other."""
    once("strategy")
    number = _valid("user_id", models.user_id, user_id)
    strategy = _parameter("strategy", Strategy, default=Strategy.PARALLEL)
    if strategy is Strategy.PARALLEL:
        return _upstream().parallel(number)
    return _upstream().sequential(number)


@routes.get("/compute")
def compute() -> Computed:
    """`n` steps of CPU work, in this thread, in another one or in another process."""
    once("n", "offload")
    n = _parameter("n", models.n, default="10000")
    offload = _parameter("offload", Offload, default=Offload.NONE)
    if offload is Offload.THREAD:
        threads: ThreadPoolExecutor = current_app.extensions["threads"]
        result = threads.submit(burn, n).result()
    elif offload is Offload.PROCESS:
        processes: Processes = current_app.extensions["processes"]
        result = processes.pool().submit(burn, n).result()
    else:
        result = burn(n)
    return {"n": n, "result": result}


def _upstream() -> Upstream:
    upstream: Upstream = current_app.extensions["upstream"]
    return upstream


def _parameter(name: str, read: Callable[[str], T], default: str) -> T:
    return _valid(name, read, request.args.get(name, default))


def _valid(name: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise Problem(422, models.ALLOWED[name]) from error
