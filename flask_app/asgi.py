"""The application behind ASGI, on a pool of threads: `uvicorn --factory flask_app.asgi:create_app`."""

import os
from collections.abc import Iterable
from typing import Any

from a2wsgi import WSGIMiddleware

from flask_app import app
from flask_app.config import load_settings


def create_app() -> WSGIMiddleware:
    """The ASGI application; a bad setting in the environment ends the process."""
    wsgi = app.create_app()

    # a2wsgi ends a body where it ends, but does not say so, and Flask would take a chunked one for an empty one.
    def terminated(environ: Any, start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True
        return wsgi(environ, start_response)

    return WSGIMiddleware(terminated, workers=load_settings(os.environ).request_threads)
