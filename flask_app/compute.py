"""GET /compute: CPU work in this thread, in another thread or in another process."""

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import TypedDict

from flask import Blueprint, current_app

from flask_app.cpu import Processes, burn
from flask_app.parameters import integer_between, once, parameter

routes = Blueprint("compute", __name__)

N = "an integer from 1 to 1000000"
OFFLOAD = "none, thread or process"
read_n = partial(integer_between, low=1, high=1_000_000)


class Offload(StrEnum):
    """Where the work runs: in the request's own thread, in another thread, or in another process."""

    NONE = "none"
    THREAD = "thread"
    PROCESS = "process"


class Computed(TypedDict):
    """The answer of /compute."""

    n: int
    result: int


@routes.get("/compute")
def compute() -> Computed:
    """The result of `n` steps of CPU work."""
    once("n", "offload")
    n = parameter("n", read_n, N, default="10000")
    offload = parameter("offload", Offload, OFFLOAD, default=Offload.NONE)
    if offload is Offload.THREAD:
        threads: ThreadPoolExecutor = current_app.extensions["threads"]
        result = threads.submit(burn, n).result()
    elif offload is Offload.PROCESS:
        processes: Processes = current_app.extensions["processes"]
        result = processes.pool().submit(burn, n).result()
    else:
        result = burn(n)
    return {"n": n, "result": result}
