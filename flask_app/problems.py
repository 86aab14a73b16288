"""Answers that report an error (RFC 9457), and the handlers that turn exceptions into them."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException, MethodNotAllowed

TITLES = {
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}

DETAILS = {
    404: "no such path",
    413: "the body has more than 1000000 bytes",
    415: "the body must be application/json without a content encoding",
    500: "the service failed unexpectedly",
    502: "the upstream failed or sent an answer that makes no sense",
    504: "the upstream did not answer in time",
}


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """An error that the service answers with: an HTTP status and a problem document."""

    def __init__(self, status: int, detail: str | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.body = {
            "type": "about:blank",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "detail": detail or DETAILS.get(status, "the request cannot be answered"),
        }


def answer_problem(problem: Problem) -> Response:
    """The answer for a Problem that a route raised."""
    return _answer(problem, {})


def answer_http_error(error: HTTPException) -> Response:
    """The answer for 404 and 405 from the routing, and for the 500 that Flask makes of any other exception and logs."""
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = sorted(error.valid_methods)
        detail = f"this path answers {' and '.join(methods)} only"
        return _answer(Problem(405, detail), {"Allow": ", ".join(methods)})
    return _answer(Problem(error.code or 500), {})


HANDLERS: Mapping[type[Exception], Callable[[Any], Response]] = {
    Problem: answer_problem,
    HTTPException: answer_http_error,
}


def _answer(problem: Problem, headers: Mapping[str, str]) -> Response:
    response = jsonify(problem.body)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers.update(headers)
    return response
