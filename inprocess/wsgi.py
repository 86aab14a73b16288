"""Calls a WSGI application as gunicorn does (PEP 3333), from one thread."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

from inprocess.order import Answer, Order, Request, same


def run(order: Order, start: Callable[[], None], stop: Callable[[], None]) -> list[Answer]:
    """The last answer to each request; `start` and `stop` are called around those that count."""
    app = order.application()
    environments = [_environment(request) for request in order.requests]

    def calls(times: int) -> list[Answer]:
        last: list[Answer | None] = [None] * len(environments)
        for _ in range(times):
            for number, request in enumerate(order.requests):
                last[number] = same(last[number], _answer(app, environments[number], request.body), request)
        return [one for one in last if one is not None]

    calls(order.warm_up)
    start()
    answers = calls(order.times)
    stop()
    return answers


def _answer(app: Any, environment: dict[str, Any], body: bytes) -> Answer:
    answer, parts = Answer(), list[bytes]()

    def start_response(status: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
        answer.status = int(status[:3])
        return parts.append

    returned: Iterable[bytes] = app({**environment, "wsgi.input": io.BytesIO(body)}, start_response)
    try:
        parts.extend(returned)
    finally:
        close = getattr(returned, "close", None)
        if close is not None:
            close()
    answer.body = b"".join(parts)
    return answer


def _environment(request: Request) -> dict[str, Any]:
    """What each call is given, without its body."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):  # these two have no prefix
        if f"HTTP_{name}" in headers:
            headers[name] = headers.pop(f"HTTP_{name}")
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.native_path,
        "RAW_URI": request.target,
        "QUERY_STRING": request.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "inprocess",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        **headers,
    }
