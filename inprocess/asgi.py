"""Calls an ASGI application as uvicorn does (https://asgi.readthedocs.io), on the event loop of asyncio."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from inprocess.order import Answer, Order, Request, same

VERSION = {"version": "3.0", "spec_version": "2.3"}


def run(order: Order, start: Callable[[], None], stop: Callable[[], None]) -> list[Answer]:
    """The last answer to each request; `start` and `stop` are called around those that count."""
    return asyncio.run(_run(order, start, stop))


async def _run(order: Order, start: Callable[[], None], stop: Callable[[], None]) -> list[Answer]:
    app = order.application()
    state: dict[str, Any] = {}
    lifespan = await _started(app, state)
    scopes = [_scope(request) for request in order.requests]

    async def calls(times: int) -> list[Answer]:
        last: list[Answer | None] = [None] * len(scopes)
        turns = count()

        async def user() -> None:
            while (turn := next(turns)) < times * len(scopes):
                number = turn % len(scopes)
                request = order.requests[number]
                answer = await _answer(app, {**scopes[number], "state": state.copy()}, request.body)
                last[number] = same(last[number], answer, request)

        await asyncio.gather(*(user() for _ in range(order.users)))
        return [one for one in last if one is not None]

    await calls(order.warm_up)
    start()
    answers = await calls(order.times)
    stop()
    await lifespan.end()
    return answers


class _Lifespan:
    """The startup and the shutdown of an application. One that knows neither raises an exception, or returns."""

    def __init__(self, app: Any, state: dict[str, Any]) -> None:
        self._asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": VERSION, "state": state}
        self._task = asyncio.ensure_future(app(scope, self._asked.get, self._said.put))

    async def ask(self, what: str) -> None:
        """Return once it is done, or the application knows of no such thing. RuntimeError where it failed."""
        self._asked.put_nowait({"type": f"lifespan.{what}"})
        said = asyncio.ensure_future(self._said.get())
        await asyncio.wait((said, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not said.done():
            said.cancel()
            self._task.exception()  # taken, so that nobody is told of it
        elif said.result()["type"] != f"lifespan.{what}.complete":
            raise RuntimeError(f"the {what} of the application failed: {said.result().get('message', '')}")

    async def end(self) -> None:
        """Shut the application down."""
        if not self._task.done():
            await self.ask("shutdown")


async def _started(app: Any, state: dict[str, Any]) -> _Lifespan:
    lifespan = _Lifespan(app, state)
    await lifespan.ask("startup")
    return lifespan


async def _answer(app: Any, scope: dict[str, Any], body: bytes) -> Answer:
    answer, parts, ended = Answer(), list[bytes](), asyncio.Event()
    received = False

    async def receive() -> dict[str, Any]:
        nonlocal received
        if not received:
            received = True
            return {"type": "http.request", "body": body, "more_body": False}
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                ended.set()

    await app(scope, receive, send)
    answer.body = b"".join(parts)
    return answer


def _scope(request: Request) -> dict[str, Any]:
    """What each call is given, without the state of the application."""
    return {
        "type": "http",
        "asgi": VERSION,
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.raw_path,
        "query_string": request.query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 80),
    }
