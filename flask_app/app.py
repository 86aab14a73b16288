"""The application: `gunicorn 'flask_app.app:create_app()'`."""

import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotFound

from flask_app.config import CLIENTS, load_settings
from flask_app.cpu import Processes
from flask_app.problems import HANDLERS

SUBJECTS = ("health", "waiting", "weather", "aggregate", "compute", "orders")
"""The modules that hold the routes. To add a subject, write its module and name it here."""


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False
    compact = True


def create_app() -> Flask:
    """The WSGI application; a bad setting in the environment ends the process."""
    settings = load_settings(os.environ)
    # An asynchronous client is called by coroutines.
    package = "flask_app.coroutines" if settings.upstream_client == "aiohttp" else "flask_app"
    orders = "flask_app.pydantic_orders" if settings.variant == "pydantic" else "flask_app.orders"
    app = Flask(__name__, static_folder=None)
    app.json = _Json(app)
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["processes"] = Processes()
    app.extensions["threads"] = ThreadPoolExecutor(settings.fan_out_threads)
    app.extensions["upstream"] = import_module(CLIENTS[settings.upstream_client]).Upstream(settings)
    app.extensions["receipt"] = import_module(orders).receipt
    app.before_request(_refuse_leading_slashes)
    for subject in SUBJECTS:
        app.register_blueprint(import_module(f"{package}.{subject}").routes)
    for error, handler in HANDLERS.items():
        app.register_error_handler(error, handler)
    return app


# Werkzeug strips leading slashes before it matches a path: without this, /%2Fhealth would answer as /health.
def _refuse_leading_slashes() -> None:
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound
