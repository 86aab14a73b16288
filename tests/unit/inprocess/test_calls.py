"""Applications as they are called: what they are given, how often, and how many at the same time."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from inprocess import asgi, wsgi
from inprocess.order import Order, Request

POST = Request("POST", "/a?n=1", (("Content-Type", "text/plain"), ("Content-Length", "2"), ("X-Me", "1")), b"hi")
ORDER = Order("wsgi", "served_here:app", False, "", (POST,), 1, 2, 3, False, 0, "")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Makes an application the one that the order names."""

    def put(app: Any) -> None:
        module = ModuleType("served_here")
        module.app = app  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "served_here", module)

    return put


def test_a_wsgi_application_is_given_a_whole_environment_and_is_closed(serve: Callable[[Any], None]) -> None:
    seen: list[dict[str, Any]] = []
    told: list[str] = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"o", b"k"])

        def close(self) -> None:
            told.append("closed")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append({**environ, "sent": environ["wsgi.input"].read()})
        start_response("201 Created", [])(b"written, ")
        return Body()

    serve(app)
    (answer,) = wsgi.run(ORDER, lambda: told.append("start"), lambda: told.append("stop"))
    assert (answer.status, answer.body) == (201, b"written, ok")
    assert told == ["closed"] * 2 + ["start"] + ["closed"] * 3 + ["stop"]
    given = seen[-1]
    assert {name: given[name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "sent")} == {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/a", "QUERY_STRING": "n=1", "sent": b"hi",
    }  # fmt: skip
    assert (given["CONTENT_TYPE"], given["CONTENT_LENGTH"], given["HTTP_X_ME"]) == ("text/plain", "2", "1")


def test_an_asgi_application_is_started_called_by_so_many_at_once_and_shut_down(serve: Callable[[Any], None]) -> None:
    told: list[str] = []
    in_flight, most, requests = 0, 0, 0

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal in_flight, most, requests
        if scope["type"] == "lifespan":
            for what in ("startup", "shutdown"):
                assert (await receive())["type"] == f"lifespan.{what}"
                scope["state"]["since"] = "startup"
                told.append(what)
                await send({"type": f"lifespan.{what}.complete"})
            return
        requests, in_flight = requests + 1, in_flight + 1
        most = max(most, in_flight)
        assert (scope["state"]["since"], scope["path"], scope["query_string"]) == ("startup", "/a", b"n=1")
        assert (b"x-me", b"1") in scope["headers"]
        assert (await receive())["body"] == b"hi"
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        await send({"type": "http.response.body", "body": b"k"})
        assert (await receive())["type"] == "http.disconnect"
        in_flight -= 1

    serve(app)
    order = replace(ORDER, interface="asgi", users=3, warm_up=3, times=6)
    (answer,) = asgi.run(order, lambda: told.append("start"), lambda: told.append("stop"))
    assert (answer.status, answer.body) == (200, b"ok")
    assert told == ["startup", "start", "stop", "shutdown"]
    assert (most, requests) == (3, 9)


def test_an_asgi_application_without_a_lifespan_is_called_all_the_same(serve: Callable[[Any], None]) -> None:
    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        assert scope["type"] == "http", "no lifespan here"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    serve(app)
    assert asgi.run(ORDER, lambda: None, lambda: None)[0].status == 204


def test_an_asgi_application_that_cannot_start_says_why(serve: Callable[[Any], None]) -> None:
    async def app(_scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    serve(app)
    with pytest.raises(RuntimeError, match="the startup of the application failed: no database"):
        asgi.run(ORDER, lambda: None, lambda: None)
