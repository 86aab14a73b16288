"""The upstream's two ports: one serves the routes, the other reads and resets the ledger."""

import asyncio
import hmac
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools

from upstream.delays import Delay
from upstream.ledger import Entry, Ledger, Traffic

DEFAULT_DELAYS: Mapping[str, Delay] = {
    "weather": Delay(0.1),
    "users": Delay(0.3),
    "orders": Delay(0.2),
    "reviews": Delay(0.15),
}
_ARGUMENTS = {"weather": 1, "users": 1, "orders": 0, "reviews": 0}


def response(status: int, content: object) -> bytes:
    """A whole HTTP/1.1 response with `content` as its JSON body."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode("ascii") + body


@lru_cache(maxsize=4096)
def route_request(target: bytes) -> tuple[str, str, bytes] | None:
    """(prefix, route, response) of a request target, or None if there is no such route.

    A prefix is one path segment before the route. A path always gets the same body.
    """
    path = target.split(b"?", 1)[0].decode("ascii", "replace")
    for prefixed in (0, 1):
        segments = [unquote(segment) for segment in path.split("/")[1 + prefixed :]]
        if segments and _ARGUMENTS.get(segments[0]) == len(segments) - 1:
            prefix = path.split("/")[1] if prefixed else ""
            content = _content(*segments)
            return None if content is None else (prefix, segments[0], response(200, content))
    return None


def _content(route: str, argument: str = "") -> object:
    """The content of a route's answer, a function of the path alone; None if the argument makes no sense."""
    if route == "weather":
        return {"city": argument, "temp_c": round(zlib.crc32(argument.encode("utf-8", "replace")) % 600 / 10 - 20, 1)}
    if route == "users":
        known = argument.isascii() and argument.isdigit()
        return {"id": int(argument), "name": f"User {int(argument)}"} if known else None
    if route == "orders":
        return [
            {"id": number, "item": item, "quantity": number} for number, item in enumerate(("pen", "ink", "cup"), 1)
        ]
    return [{"id": number, "stars": 6 - number, "text": f"Review number {number}"} for number in (1, 2, 3)]


class _Connection(asyncio.Protocol):
    """One HTTP/1.1 connection: one request after the other, kept alive until the client closes it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self.target = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.target = b""

    def on_url(self, url: bytes) -> None:
        self.target += url


class ServiceConnection(_Connection):
    """Answers each route after its delay."""

    def __init__(self, ledger: Ledger, delays: Mapping[str, Delay], seed: int) -> None:
        super().__init__()
        self.ledger = ledger
        self.delays = delays
        self.seed = seed
        self.waiting: asyncio.TimerHandle | None = None
        self.traffic = Traffic()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio calls it by position)
        """Cancels the answer that the client no longer waits for."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.traffic.end()

    def on_message_complete(self) -> None:
        """Answers the request when its delay is over."""
        arrived_s = self.loop.time()
        if self.waiting is not None:  # a pipelined request: its answer could overtake this one
            self.transport.close()
            return
        found = route_request(self.target)
        if found is None or self.parser.get_method() != b"GET":
            self.transport.write(response(404, {"detail": "no such route"}))
            return
        prefix, route, answer = found
        entry = self.ledger.entry(prefix, route)
        due_s = arrived_s + self.delays[route].seconds(self.seed, route, entry.hits)
        entry.hits += 1
        self.traffic = entry.traffic
        self.traffic.begin()
        if due_s <= arrived_s:
            self._answer(entry, due_s, answer)
        else:
            self.waiting = self.loop.call_at(due_s, self._answer, entry, due_s, answer)

    def _answer(self, entry: Entry, due_s: float, answer: bytes) -> None:
        early_s = due_s - self.loop.time()
        self.waiting = None
        self.traffic.end()
        entry.delay_error_s.append(abs(early_s))
        self.transport.write(answer)


class ControlConnection(_Connection):
    """`GET /ledger` reports; `POST /reset` reports and resets. Both need `Authorization: Bearer TOKEN`."""

    def __init__(self, ledger: Ledger, token: str) -> None:
        super().__init__()
        self.ledger = ledger
        self.expected = f"Bearer {token}".encode()
        self.authorization = b""

    def on_message_begin(self) -> None:
        """Drops the token of the previous request."""
        super().on_message_begin()
        self.authorization = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps the token."""
        if name.lower() == b"authorization":
            self.authorization = value

    def on_message_complete(self) -> None:
        """Answers without a delay."""
        if not hmac.compare_digest(self.authorization, self.expected):
            self.transport.write(response(401, {"detail": "the control port needs its token"}))
            return
        request = (self.parser.get_method(), self.target)
        if request not in {(b"GET", b"/ledger"), (b"POST", b"/reset")}:
            self.transport.write(response(404, {"detail": "GET /ledger or POST /reset"}))
            return
        self.transport.write(response(200, self.ledger.report()))
        if request == (b"POST", b"/reset"):
            self.ledger.reset()


async def serve(host: str, port: int, control_port: int, token: str, seed: int, delays: Mapping[str, Delay]) -> None:
    """Serves both ports until cancelled. Raises OSError if a port is taken."""
    ledger = Ledger()
    loop = asyncio.get_running_loop()
    known = {**DEFAULT_DELAYS, **delays}
    control = await loop.create_server(lambda: ControlConnection(ledger, token), host, control_port)
    service = await loop.create_server(lambda: ServiceConnection(ledger, known, seed), host, port, backlog=4096)
    try:
        await loop.create_future()
    finally:
        # Not `async with`: since Python 3.12 it waits until every client has closed its connection.
        control.close()
        service.close()
