"""An app that counts in a companion: GET /count sends it one line, over one connection for all, and waits for its own.

COUNTER is `tcp://HOST:PORT` of lines.py, or `redis://HOST:PORT/0`; to either the line INCR is a request to count.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
COUNTER = urlsplit(os.environ["COUNTER"])
TURN = asyncio.Lock()
STREAMS: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []


async def counted() -> bytes:
    """What the counter says next."""
    async with TURN:
        if not STREAMS:
            STREAMS.append(await asyncio.open_connection(COUNTER.hostname, COUNTER.port))
        reader, writer = STREAMS[0]
        writer.write(b"INCR seen\r\n")
        return (await reader.readline()).strip()


async def app(scope: Mapping[str, Any], _receive: object, send: Send) -> None:
    """The next number for /count; nothing for any other path."""
    if scope["type"] != "http":
        return
    body = await counted() if scope["path"] == "/count" else b""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
