"""Answers that report an error (RFC 9457), and the handlers that turn exceptions into them.

The handlers are coroutines, although they await nothing: FastAPI would run plain functions in a thread.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

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


async def answer_problem(_: Request, problem: Problem) -> Response:
    """The answer for a Problem that a route raised."""
    return _answer(problem, {})


async def answer_bad_parameter(request: Request, error: RequestValidationError) -> Response:
    """The answer for the first parameter that FastAPI refused: its description says what is allowed."""
    name = error.errors()[0]["loc"][1]
    route: APIRoute = request.scope["route"]
    parameters = (*route.dependant.path_params, *route.dependant.query_params)
    allowed = next(one.field_info.description for one in parameters if one.alias == name)
    return _answer(Problem(422, f"{name} must be {allowed}"), {})


async def answer_http_error(_: Request, error: HTTPException) -> Response:
    """The answer for 404 and 405 from the routing."""
    headers = error.headers or {}
    if "Allow" in headers:
        methods = sorted(headers["Allow"].split(", "))
        return _answer(Problem(405, f"this path answers {' and '.join(methods)} only"), headers)
    return _answer(Problem(error.status_code), headers)


async def answer_unexpected(_: Request, __: Exception) -> Response:
    """The answer for any other exception; Starlette raises it again once this is sent, and the server logs it."""
    return _answer(Problem(500), {})


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    Problem: answer_problem,
    RequestValidationError: answer_bad_parameter,
    HTTPException: answer_http_error,
    Exception: answer_unexpected,
}


def _answer(problem: Problem, headers: Mapping[str, str]) -> Response:
    return JSONResponse(problem.body, problem.status, headers, media_type="application/problem+json")
