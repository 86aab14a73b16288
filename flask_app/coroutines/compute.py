"""GET /compute in a coroutine: CPU work on its event loop, in a thread or in another process."""

import asyncio

from flask import Blueprint, current_app

from flask_app.compute import OFFLOAD, Computed, N, Offload, read_n
from flask_app.cpu import burn
from flask_app.parameters import once, parameter

routes = Blueprint("compute", __name__)


@routes.get("/compute")
async def compute() -> Computed:
    """The result of `n` steps of CPU work."""
    once("n", "offload")
    n = parameter("n", read_n, N, default="10000")
    offload = parameter("offload", Offload, OFFLOAD, default=Offload.NONE)
    extensions = current_app.extensions
    if offload is Offload.THREAD:
        result = await asyncio.get_running_loop().run_in_executor(extensions["threads"], burn, n)
    elif offload is Offload.PROCESS:
        result = await asyncio.get_running_loop().run_in_executor(extensions["processes"].pool(), burn, n)
    else:
        result = burn(n)
    return {"n": n, "result": result}
