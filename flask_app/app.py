"""The application: `gunicorn 'flask_app.app:create_app()'`."""

import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotFound

from flask_app.config import load_settings
from flask_app.cpu import Processes
from flask_app.problems import HANDLERS
from flask_app.upstream import Upstream

SUBJECTS = ("health", "waiting", "weather", "aggregate", "compute")
"""The modules that hold the routes. To add a subject, write its module and name it here."""


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False
    compact = True


def create_app() -> Flask:
    """The WSGI application; a bad setting in the environment ends the process."""
    settings = load_settings(os.environ)
    app = Flask(__name__, static_folder=None)
    app.json = _Json(app)
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["processes"] = Processes()
    app.extensions["threads"] = ThreadPoolExecutor(settings.fan_out_threads)
    app.extensions["upstream"] = Upstream(settings)
    app.before_request(_refuse_leading_slashes)
    for subject in SUBJECTS:
        app.register_blueprint(import_module(f"flask_app.{subject}").routes)
    for error, handler in HANDLERS.items():
        app.register_error_handler(error, handler)
    return app


# Werkzeug strips leading slashes before it matches a path: without this, /%2Fhealth would answer as /health.
def _refuse_leading_slashes() -> None:
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound
