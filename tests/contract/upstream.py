"""An upstream in a thread of the tests. It answers well, except for magic cities and user ids, which select a fault."""

import asyncio
import gzip
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "/arm-1"
RESOURCES = ("users", "orders", "reviews")

TEMP_C = 21.5
USER_NAME = "Zoë Ångström"
ORDERS = [{"id": 1, "item": "Käse", "quantity": 2}, {"id": 2, "item": "тест", "quantity": 1}]
REVIEWS = [{"id": 7, "stars": 5, "text": "“très bien”"}]

# The resources of this user take long enough to show which calls overlap.
SLOW_USER = 8_000_000
SLOW_S = {"users": 0.3, "orders": 0.2, "reviews": 0.15}

# A city whose answer takes 100 ms.
UNHURRIED_CITY = "Unhurried"

LIMIT_BYTES = 1_000_000
"""The most that a body may have."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"

CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

Then = Literal["keep", "close", "reset", "hang"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes of an answer, and what happens to the connection after it.

    `rest` follows in pieces, each after a pause in seconds. `again` is what a connection that has had an answer gets
    instead of this one.
    """

    raw: bytes
    then: Then = "keep"
    delay_s: float = 0.0
    rest: tuple[tuple[float, bytes], ...] = ()
    again: "Reply | None" = None


def answer(body: bytes, status: str = "200 OK", headers: str = "", then: Then = "keep", delay_s: float = 0.0) -> Reply:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return Reply(head.encode() + body, then, delay_s)


def drip(raw: bytes, start: int) -> Reply:
    """The answer with a pause of 0.3 s before each byte from `start` on."""
    return Reply(raw[:start], rest=tuple((0.3, raw[index : index + 1]) for index in range(start, len(raw))))


def good(resource: str, number: int = 1) -> Any:
    return {
        "weather": {"city": "as the upstream spells it", "temp_c": TEMP_C},
        "users": {"id": number, "name": USER_NAME},
        "orders": ORDERS,
        "reviews": REVIEWS,
    }[resource]


def good_body(resource: str) -> bytes:
    return json.dumps(good(resource)).encode()


def padded(body: bytes, size: int) -> bytes:
    """The same document in that many bytes."""
    return b" " * (size - len(body)) + body


def faults(resource: str) -> dict[str, Reply]:
    """Every failure that does not depend on the shape of the body."""
    body = good_body(resource)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body)
    return {
        "status five hundred": answer(b"{}", "500 Internal Server Error"),
        "status four oh four": answer(body, "404 Not Found"),
        "status two oh one": answer(body, "201 Created"),
        "status two oh four": Reply(b"HTTP/1.1 204 No Content\r\n\r\n"),
        "redirected": answer(body, "302 Found", f"Location: {PREFIX}/weather/Paris\r\n"),
        "redirected nowhere": answer(body, "301 Moved Permanently", "Location: http://[::1\r\n"),
        "garbage": Reply(b"this is no HTTP\r\n\r\n", "close"),
        "not json": answer(b"<html>Bad day</html>"),
        "empty": answer(b""),
        "blank": answer(b"   "),
        "two documents": answer(body + body),
        "half a document": answer(body[: len(body) // 2]),
        "not utf eight": answer(body[:-1] + b',"x":"\xff"}'),
        "truncated": Reply(whole + body[:-3], "close"),
        "truncated chunks": Reply(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body, "close"),
        "bad chunks": Reply(head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body, "close"),
        "bad chunks later": Reply(head + CHUNKED + b"5\r\n" + body[:5] + b"\r\n", rest=((0.03, b"zz\r\n"),)),
        "bad chunks at first and later": Reply(head + CHUNKED, rest=((0.03, b"zz\r\n"),)),
        "not gzip": answer(body, headers="Content-Encoding: gzip\r\n"),
        "reset": Reply(b"", "reset"),
        "reset in the head": Reply(b"HTTP/1.1 200 OK\r\nContent-", "reset"),
        "reset in the body": Reply(whole + body[:-3], "reset"),
        "closed": Reply(b"", "close"),
        "closed in the head": Reply(b"HTTP/1.1 200 OK\r\nContent-", "close"),
        "too deep": answer(b"[" * 100_000 + b"]" * 100_000),
        "too many digits": answer(b"9" * 5000),
        "null": answer(b"null"),
        "a number": answer(b"1"),
        "a list of lists": answer(b"[[]]"),
        "a list of nulls": answer(b"[null]"),
        "a text": answer(b'"text"'),
    }


def chunks(body: bytes, size: int) -> bytes:
    """A body in chunks of that size."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def hangs(resource: str) -> dict[str, Reply]:
    """Every way of exceeding the timeout."""
    body = good_body(resource)
    whole = answer(body).raw
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(body, 1)
    return {
        "mute": Reply(b"", "hang"),
        "mute in the head": Reply(b"HTTP/1.1 200 OK\r\nContent-", "hang"),
        "mute in the body": Reply(whole[:-3], "hang"),
        "mute after early hints": Reply(EARLY_HINTS, "hang"),
        "dripping": drip(whole, 0),
        "dripping in the head": drip(whole, 20),
        "dripping in the body": drip(whole, len(whole) - len(body) + 1),
        "dripping in chunks": drip(chunked, len(chunked) - 100),
        "dripping early hints": drip(EARLY_HINTS * 3 + whole, len(EARLY_HINTS)),
    }


def oddities(resource: str) -> dict[str, Reply]:
    """Unusual answers that are still right."""
    body = good_body(resource)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return {
        "chunked": Reply(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(body, 20)),
        "until closed": Reply(head + b"\r\n" + body, "close"),
        "and closes": answer(body, headers="Connection: close\r\n", then="close"),
        "gzipped": answer(gzip.compress(body), headers="Content-Encoding: gzip\r\n"),
        "no content type": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body),
        "no reason": Reply(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % len(body) + body),
        "sets a cookie": answer(body, headers="Set-Cookie: a=b; Path=/\r\n"),
        "spacious": answer(b"\n " + body + b"\r\n"),
        "hesitant": answer(body, delay_s=0.2),
    }


# What follows is about the clients, whatever they ask for: only cities select it.


@cache
def refused() -> dict[str, Reply]:
    """Answers that a client must not take: too large, unpacked or not, or packed badly, or of another protocol."""
    body = good_body("weather")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return {
        "switching protocols": Reply(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
        "early hints only": Reply(EARLY_HINTS, "close"),
        "too large": answer(padded(body, LIMIT_BYTES + 1)),
        "too large in chunks": Reply(
            head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(padded(body, LIMIT_BYTES + 1), 100_000)
        ),
        "too large until closed": Reply(head + b"\r\n" + padded(body, LIMIT_BYTES + 1), "close"),
        "too large gzipped": answer(gzip.compress(padded(body, LIMIT_BYTES + 1)), headers="Content-Encoding: gzip\r\n"),
        "a large redirection": answer(padded(body, LIMIT_BYTES + 1), "302 Found", f"Location: {PREFIX}/weather/A\r\n"),
        "half gzipped": answer(gzip.compress(body)[:-9], headers="Content-Encoding: gzip\r\n"),
        "gzipped and more": answer(gzip.compress(body) + b"more", headers="Content-Encoding: gzip\r\n"),
    }


@cache
def accepted() -> dict[str, Reply]:
    """Unusual answers that a client must take."""
    body = good_body("weather")
    return {
        "deflated": answer(zlib.compress(body), headers="Content-Encoding: Deflate\r\n"),
        "identical": answer(body, headers="Content-Encoding: identity\r\n"),
        "large": answer(padded(body, LIMIT_BYTES)),
        "large gzipped": answer(gzip.compress(padded(body, LIMIT_BYTES)), headers="Content-Encoding: gzip\r\n"),
        "sets a strange cookie": answer(body, headers="Set-Cookie: a=é\r\n"),
        "continues": Reply(CONTINUE + answer(body).raw),
        **spoiling(),
    }


@cache
def spoiling() -> dict[str, Reply]:
    """Right answers with more than the answer: a connection that has had one of them must not be used again.

    What follows an answer is right in itself, and is the answer to no request.
    """
    body = good_body("weather")
    whole, second = answer(body).raw, answer(body.replace(b"1", b"9")).raw
    end = len(whole) - len(body)
    return {
        "early hints": Reply(EARLY_HINTS + whole),
        "early hints first": Reply(EARLY_HINTS, rest=((0.03, whole),)),
        "early hints in pieces": Reply(
            EARLY_HINTS[:20], rest=((0.01, EARLY_HINTS[20:] + whole[:30]), (0.01, whole[30:]))
        ),
        "several interim answers": Reply(CONTINUE + PROCESSING + EARLY_HINTS + EARLY_HINTS + CONTINUE + whole),
        "a second answer": Reply(whole + second),
        "a second answer with the body": Reply(whole[:end], rest=((0.03, whole[end:] + second),)),
        "a second answer in chunks": Reply(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(body, 20) + second
        ),
        "half a second answer": Reply(whole + second[:25]),
    }


@cache
def late() -> dict[str, Reply]:
    """Right answers after which a connection receives more while it is idle."""
    body = good_body("weather")
    whole, second = answer(body).raw, answer(body.replace(b"1", b"9")).raw
    return {
        "a second answer later": Reply(whole, rest=((0.03, second),)),
        "half a second answer later": Reply(whole, rest=((0.03, second[:25]),)),
        "a timeout later": Reply(whole, rest=((0.03, answer(b"{}", "408 Request Timeout").raw),)),
        "garbage later": Reply(whole, rest=((0.03, b"this is no HTTP\r\n\r\n"),)),
    }


# By resource: bodies of the wrong shape, and unusual bodies of the right shape with the value that they give.
WRONG: dict[str, dict[str, bytes]] = {
    "weather": {
        "no temperature": b'{"city":"x"}',
        "no city": b'{"temp_c":1.5}',
        "city is a number": b'{"city":1,"temp_c":1.5}',
        "city cannot be encoded": b'{"city":"\\ud800","temp_c":1.5}',
        "temperature is text": b'{"city":"x","temp_c":"1.5"}',
        "temperature is true": b'{"city":"x","temp_c":true}',
        "temperature is null": b'{"city":"x","temp_c":null}',
        "temperature is not a number": b'{"city":"x","temp_c":NaN}',
        "temperature is infinite": b'{"city":"x","temp_c":Infinity}',
        "temperature is minus infinite": b'{"city":"x","temp_c":-Infinity}',
        "temperature overflows": b'{"city":"x","temp_c":1e999}',
        "temperature of too many digits": b'{"city":"x","temp_c":' + b"9" * 5000 + b"}",
        "temperature is a list": b'{"city":"x","temp_c":[1.5]}',
        "in a list": b'[{"city":"x","temp_c":1.5}]',
        "last key counts": b'{"city":"x","temp_c":1.5,"temp_c":"hot"}',
    },
    "users": {
        "no number": b'{"name":"x"}',
        "no name": b'{"id":1}',
        "number is true": b'{"id":true,"name":"x"}',
        "number is text": b'{"id":"1","name":"x"}',
        "number is a float": b'{"id":1.0,"name":"x"}',
        "number in exponents": b'{"id":1e2,"name":"x"}',
        "name is null": b'{"id":1,"name":null}',
        "name is a number": b'{"id":1,"name":1}',
        "name cannot be encoded": b'{"id":1,"name":"a\\udfff"}',
        "in a list": b'[{"id":1,"name":"x"}]',
        "empty list": b"[]",
    },
    "orders": {
        "an object": b'{"id":1,"item":"x","quantity":1}',
        "empty object": b"{}",
        "one is null": b'[{"id":1,"item":"x","quantity":1},null]',
        "no quantity": b'[{"id":1,"item":"x"}]',
        "quantity is true": b'[{"id":1,"item":"x","quantity":true}]',
        "quantity is a float": b'[{"id":1,"item":"x","quantity":1.5}]',
        "quantity is text": b'[{"id":1,"item":"x","quantity":"1"}]',
        "item is null": b'[{"id":1,"item":null,"quantity":1}]',
        "item cannot be encoded": b'[{"id":1,"item":"\\udc00\\ud800","quantity":1}]',
        "number is null": b'[{"id":null,"item":"x","quantity":1}]',
    },
    "reviews": {
        "an object": b'{"id":1,"stars":5,"text":"x"}',
        "stars are text": b'[{"id":1,"stars":"5","text":"x"}]',
        "stars are a float": b'[{"id":1,"stars":5.0,"text":"x"}]',
        "stars are false": b'[{"id":1,"stars":false,"text":"x"}]',
        "no text": b'[{"id":1,"stars":5}]',
        "text is a list": b'[{"id":1,"stars":5,"text":["x"]}]',
        "text cannot be encoded": b'[{"id":1,"stars":5,"text":"\\ud83d"}]',
    },
}

UNUSUAL: dict[str, dict[str, tuple[bytes, Any]]] = {
    "weather": {
        "whole degrees": (b'{"city":"x","temp_c":-3}', -3),
        "minus zero": (b'{"city":"x","temp_c":-0.0}', -0.0),
        "in exponents": (b'{"city":"x","temp_c":1e2}', 100.0),
        "very large": (b'{"city":"x","temp_c":1.7976931348623157e308}', 1.7976931348623157e308),
        "very small": (b'{"city":"x","temp_c":5e-324}', 5e-324),
        "four hundred digits": (b'{"city":"x","temp_c":' + b"9" * 400 + b"}", 10**400 - 1),
        "other keys": (b'{"city":"x","temp_c":1.5,"humidity":NaN,"note":"\\ud800","more":{"temp_c":"x"}}', 1.5),
        "a surrogate pair": (b'{"city":"\\ud83d\\ude00","temp_c":1.5}', 1.5),
    },
    "users": {
        "other keys": (b'{"id":1,"name":"x","age":[1e999],"\\ud800":0}', {"id": 1, "name": "x"}),
        "large number": (b'{"id":12345678901234567890123,"name":""}', {"id": 12345678901234567890123, "name": ""}),
        "controls": (b'{"id":-1,"name":"\\u0000\\n\\u007f\\u2028\\""}', {"id": -1, "name": '\0\n\x7f\u2028"'}),
        "surrogate pair": (b'{"id":0,"name":"\\ud83d\\ude00"}', {"id": 0, "name": "\U0001f600"}),
    },
    "orders": {
        "none": (b"[]", []),
        "other keys": (b'[{"quantity":1,"id":1,"item":"x","price":1.5}]', [{"id": 1, "item": "x", "quantity": 1}]),
    },
    "reviews": {
        "none": (b" [ ] ", []),
        "other keys": (b'[{"id":1,"stars":5,"text":"x","by":null}]', [{"id": 1, "stars": 5, "text": "x"}]),
    },
}  # fmt: skip


LARGEST_CITY = "Largest"

# An answer in chunks, with 30 MB in the line before the first of them.
LONGEST_LINE_CITY = "Longest line"

# Cities that test a kept connection: it is lost by the call, or while it is idle.
RESET_CITY, CLOSED_CITY = "Reset when used again", "Closed when used again"
RESET_IDLE_CITY, CLOSED_IDLE_CITY = "Reset when idle", "Closed when idle"

# Answers followed by what is no HTTP. Clients differ: some discard it, others the answer with it.
GARBAGE_CITY = "Garbage after the answer"

_MIXED = "Mixed "


def mixed_city(number: int) -> str:
    """A city with a temperature of its own, that of `mixed_temp_c`; a part of them spoils the connection."""
    return _MIXED + "".join("abcdefghij"[int(digit)] for digit in str(number))


def mixed_temp_c(number: int) -> float:
    return number + 0.5


def _mixed_reply(city: str) -> Reply:
    number = int("".join(str("abcdefghij".index(letter)) for letter in city.removeprefix(_MIXED)))

    def whole(temp_c: float) -> bytes:
        return answer(json.dumps({"city": city, "temp_c": temp_c}).encode()).raw

    right = whole(mixed_temp_c(number))
    return (
        Reply(EARLY_HINTS, rest=((0.01, right),)),
        Reply(right),
        Reply(right + whole(-1)),
        Reply(right, delay_s=0.005),
    )[number % 4]


@cache
def largest_body() -> bytes:
    """A body of 100 MB in less than half a megabyte."""
    return gzip.compress(padded(good_body("weather"), 100_000_000), 1)


def _city_replies() -> dict[str, Reply]:
    whole = answer(good_body("weather")).raw
    return {
        RESET_CITY: Reply(whole, again=Reply(b"", "reset")),
        CLOSED_CITY: Reply(whole, again=Reply(b"", "close")),
        RESET_IDLE_CITY: Reply(whole, "reset"),
        CLOSED_IDLE_CITY: Reply(whole, "close"),
        GARBAGE_CITY: Reply(whole + b"this is no HTTP\r\n\r\n"),
        **faults("weather"),
        **hangs("weather"),
        **oddities("weather"),
        **refused(),
        **accepted(),
        **late(),
        **{name: answer(body) for name, body in WRONG["weather"].items()},
        **{name: answer(body) for name, (body, _) in UNUSUAL["weather"].items()},
        UNHURRIED_CITY: answer(good_body("weather"), delay_s=0.1),
    }


def _user_replies() -> dict[str, dict[str, Reply]]:
    return {
        resource: {
            **faults(resource),
            **hangs(resource),
            **oddities(resource),
            **{name: answer(body) for name, body in WRONG[resource].items()},
            **{name: answer(body) for name, (body, _) in UNUSUAL[resource].items()},
        }
        for resource in RESOURCES
    }


CITY_REPLIES = _city_replies()
USER_REPLIES = _user_replies()

# What each magic user id selects: 9RNNNNN one reply for one resource, 95NNNNN and 96NNNNN replies for two.
_MAGIC = {
    9_000_000 + 100_000 * which + index: {resource: reply}
    for which, (resource, replies) in enumerate(USER_REPLIES.items())
    for index, reply in enumerate(replies.values())
}
FAILS_THEN_HANGS, HANGS_THEN_FAILS = 9_500_000, 9_600_000
_MAGIC[FAILS_THEN_HANGS] = {
    "users": USER_REPLIES["users"]["status five hundred"],
    "orders": USER_REPLIES["orders"]["mute"],
}
_MAGIC[HANGS_THEN_FAILS] = {
    "users": USER_REPLIES["users"]["mute"],
    "orders": USER_REPLIES["orders"]["status five hundred"],
}
_MAGIC[SLOW_USER] = {
    resource: answer(json.dumps(good(resource, SLOW_USER)).encode(), delay_s=delay_s)
    for resource, delay_s in SLOW_S.items()
}


def magic_user(resource: str, name: str) -> int:
    """The user id for which `resource` gives the reply of that name."""
    return 9_000_000 + 100_000 * RESOURCES.index(resource) + list(USER_REPLIES[resource]).index(name)


@dataclass(slots=True)
class FaultyUpstream:
    """A running upstream: its port, and the calls that it received."""

    port: int
    targets: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    served: list[list[str]] = field(default_factory=list)  # the targets of each connection
    connections: int = 0
    in_flight: dict[int, int] = field(default_factory=dict)
    most_in_flight: dict[int, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        served: list[str] = []
        self.served.append(served)
        try:
            while await self._exchange(reader, writer, served):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, served: list[str]) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode("ascii")
        self.heads.append(head)
        self.targets.append(target)
        number, reply = _reply(target)
        if served and reply.again is not None:
            reply = reply.again
        served.append(target)
        self.in_flight[number] = self.in_flight.get(number, 0) + 1
        self.most_in_flight[number] = max(self.most_in_flight.get(number, 0), self.in_flight[number])
        try:
            await asyncio.sleep(reply.delay_s)
        finally:
            self.in_flight[number] -= 1
        writer.write(reply.raw)
        await writer.drain()
        for pause_s, part in reply.rest:
            await asyncio.sleep(pause_s)
            if reader.at_eof():
                return False
            writer.write(part)
            await writer.drain()
        if reply.then == "hang":
            await reader.read()  # until the client gives up
        if reply.then == "reset":
            await asyncio.sleep(0.01)  # let what was written arrive first
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return reply.then == "keep"


def _reply(target: str) -> tuple[int, Reply]:
    parts = urlsplit(target)
    path = parts.path.removeprefix(PREFIX)
    if path.startswith("/weather/"):
        city = unquote(path.removeprefix("/weather/"))
        if city.startswith(_MIXED):
            return -1, _mixed_reply(city)
        if city == LONGEST_LINE_CITY:
            return -1, Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 30_000_000, "close")
        if city == LARGEST_CITY:
            return -1, answer(largest_body(), headers="Content-Encoding: gzip\r\n")
        return -1, CITY_REPLIES.get(city) or answer(good_body("weather"))
    resource = path.split("/")[1]
    number = int(path.split("/")[2] if resource == "users" else parse_qs(parts.query)["user_id"][0])
    reply = _MAGIC.get(number, {}).get(resource)
    return number, reply or answer(json.dumps(good(resource, number)).encode())


@contextmanager
def running() -> Iterator[FaultyUpstream]:
    """The upstream, while it serves."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    upstream = FaultyUpstream(port=listener.getsockname()[1])
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(upstream.serve, sock=listener)
        await stopped.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def run() -> None:
        loop.run_until_complete(main())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
