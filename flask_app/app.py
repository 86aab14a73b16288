"""The application: `gunicorn 'flask_app.app:create_app()'`."""

import os
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from flask_app.compute import Processes
from flask_app.config import load_settings
from flask_app.models import Problem
from flask_app.routes import routes
from flask_app.upstream import Upstream


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
    threads = ThreadPoolExecutor(settings.fan_out_threads)
    app.extensions["threads"] = threads
    app.extensions["upstream"] = Upstream(settings, threads)
    app.extensions["processes"] = Processes()
    app.before_request(_exact_path)
    app.register_blueprint(routes)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    return app


# Werkzeug strips slashes from the front of a path before it matches it: /%2Fhealth would be /health.
def _exact_path() -> None:
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound


def _problem(problem: Problem) -> Response:
    return _answer(problem, {})


# 404 and 405 from the routing, and the 500 that Flask makes of any exception once it has logged it.
def _http_error(error: HTTPException) -> Response:
    allow = sorted(error.valid_methods or ()) if isinstance(error, MethodNotAllowed) else ()
    return _answer(Problem(error.code or 500), {"Allow": ", ".join(allow)} if allow else {})


def _answer(problem: Problem, headers: dict[str, str]) -> Response:
    response = jsonify(problem.body)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers.update(headers)
    return response
