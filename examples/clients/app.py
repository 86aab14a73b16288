"""The FastAPI service with another HTTP client: `uvicorn --factory examples.clients.app:create_app`.

CLIENT names the client. Routes, validation, settings and error answers are the service's own.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from examples.clients.upstreams import CLIENTS
from fastapi_app import app as service
from fastapi_app.config import BOOT_FAILURE, load_settings


def create_app() -> FastAPI:
    """The ASGI application. A bad setting in the environment ends the process."""
    settings, name = load_settings(os.environ), os.environ.get("CLIENT", "")
    if name not in CLIENTS:
        print(f"CLIENT={name!r}: must be one of {', '.join(CLIENTS)}", file=sys.stderr, flush=True)
        sys.exit(BOOT_FAILURE)
    app = service.create_app()
    service_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """The service's own lifespan, in which its upstream client is replaced before it makes a call."""
        async with service_lifespan(app):
            replaced = app.state.upstream
            app.state.upstream = CLIENTS[name](settings)
            try:
                yield
            finally:
                await app.state.upstream.aclose()
                app.state.upstream = replaced

    app.router.lifespan_context = lifespan
    return app
