"""GET /compute in a plain function: CPU work in this thread, in another thread or in another process."""

from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Request

from fastapi_app.compute import Computed, N, Offload, OffloadName
from fastapi_app.cpu import Processes, burn
from fastapi_app.parameters import once

router = APIRouter()


@router.get("/compute", dependencies=[once("n", "offload")])
def compute(request: Request, n: N = 10_000, offload: OffloadName = Offload.NONE) -> Computed:
    """The result of `n` steps of CPU work."""
    if offload is Offload.THREAD:
        threads: ThreadPoolExecutor = request.app.state.threads
        result = threads.submit(burn, n).result()
    elif offload is Offload.PROCESS:
        processes: Processes = request.app.state.processes
        result = processes.pool().submit(burn, n).result()
    else:
        result = burn(n)
    return Computed(n=n, result=result)
