"""The application: `uvicorn --factory fastapi_app.app:create_app`."""

import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fastapi_app.compute import Processes
from fastapi_app.config import Settings, load_settings
from fastapi_app.models import ALLOWED, Problem


def create_app() -> FastAPI:
    """The ASGI application; a bad setting in the environment ends the process."""
    settings = load_settings(os.environ)
    # Imported here: neither variant shall pay for the other's client.
    if settings.upstream_client == "requests":
        from fastapi_app.routes_threads import router  # noqa: PLC0415

        upstream = _upstream_threads
    else:
        from fastapi_app.routes import router  # noqa: PLC0415

        upstream = _upstream

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = settings.request_threads
        app.state.processes = Processes()
        try:
            async with upstream(app, settings):
                yield
        finally:
            app.state.processes.close()

    return FastAPI(
        # Handed over rather than included: an included router is matched twice for each request.
        routes=router.routes,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            Problem: _problem,
            RequestValidationError: _bad_parameter,
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )


@asynccontextmanager
async def _upstream(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    from fastapi_app.upstream import Upstream  # noqa: PLC0415

    app.state.upstream = Upstream(settings)
    try:
        yield
    finally:
        await app.state.upstream.aclose()


@asynccontextmanager
async def _upstream_threads(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    from fastapi_app.upstream_threads import Upstream  # noqa: PLC0415

    with ThreadPoolExecutor(settings.fan_out_threads) as threads:
        app.state.threads = threads
        app.state.upstream = Upstream(settings, threads)
        yield


# The handlers are coroutines, although they await nothing: FastAPI would give functions to a thread.
async def _problem(_: Request, problem: Problem) -> JSONResponse:
    return _answer(problem, {})


async def _bad_parameter(_: Request, error: RequestValidationError) -> JSONResponse:
    name = error.errors()[0]["loc"][1]
    return _answer(Problem(422, ALLOWED[name]), {})


async def _http_error(_: Request, error: HTTPException) -> JSONResponse:
    return _answer(Problem(error.status_code), error.headers or {})


# The server logs the exception: Starlette raises it again once this is answered.
async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return _answer(Problem(500), {})


def _answer(problem: Problem, headers: Mapping[str, str]) -> JSONResponse:
    return JSONResponse(problem.body, problem.status, headers, media_type="application/problem+json")
