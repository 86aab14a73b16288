"""The application: `uvicorn --factory fastapi_app.app:create_app`."""

import os
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import import_module

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import compile_path

from fastapi_app.config import CLIENTS, Settings, load_settings
from fastapi_app.cpu import Processes
from fastapi_app.problems import HANDLERS
from fastapi_app.variants import middleware_of, routes_of

SUBJECTS = ("health", "waiting", "weather", "aggregate", "compute", "orders")
"""The modules that hold the routes, here and in threads/. To add a subject, write its modules and name it here."""


def create_app() -> FastAPI:
    """The ASGI application; a bad setting in the environment ends the process."""
    settings = load_settings(os.environ)
    # Neither variant imports the other's client.
    if settings.upstream_client == "requests":
        package, upstream = "fastapi_app.threads", _blocking_upstream
    else:
        package, upstream = "fastapi_app", _upstream

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = settings.request_threads
        app.state.processes = Processes()
        try:
            async with upstream(app, settings):
                yield
        finally:
            app.state.processes.close()

    # Passed, not included: FastAPI matches an included router twice for each request.
    routes = [route for subject in SUBJECTS for route in import_module(f"{package}.{subject}").router.routes]
    return FastAPI(
        routes=[_exact(route) for route in routes_of(settings.variant, routes)],
        middleware=middleware_of(settings.variant),
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
    )


@asynccontextmanager
async def _upstream(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    app.state.upstream = import_module(CLIENTS[settings.upstream_client]).Upstream(settings)
    try:
        yield
    finally:
        await app.state.upstream.aclose()


@asynccontextmanager
async def _blocking_upstream(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    with ThreadPoolExecutor(settings.fan_out_threads) as threads:
        app.state.threads = threads
        app.state.upstream = import_module(CLIENTS[settings.upstream_client]).Upstream(settings)
        yield


# FastAPI adds no HEAD to a GET route, and its "$" also matches before a newline at the end of the path.
def _exact(route: APIRoute | APIWebSocketRoute) -> APIRoute | APIWebSocketRoute:
    if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
        route.methods.add("HEAD")
    pattern, _, _ = compile_path(route.path)
    route.path_regex = re.compile(pattern.pattern.removesuffix("$") + r"\Z")
    return route
