"""A server of which each path has another fault: `python faulty.py PORT`.

Raw asyncio, because it is to be ready at once and to cost next to nothing.
"""

import asyncio
import os
import sys
from itertools import count
from urllib.parse import urlsplit

WAIT_S = 0.05
SLOW_S = 1.5
UPSTREAM = urlsplit(os.environ.get("UPSTREAM_URL", ""))
QUEUES = {"/one-slot": asyncio.Semaphore(1), "/four-slots": asyncio.Semaphore(4)}
QUEUED_S = {"/one-slot": 0.2, "/four-slots": WAIT_S}
NUMBERS = count(1)


async def ask_upstream() -> None:
    """One call of the upstream, on a connection of its own."""
    reader, writer = await asyncio.open_connection(UPSTREAM.hostname, UPSTREAM.port)
    writer.write(b"GET /weather/London HTTP/1.1\r\nHost: upstream\r\n\r\n")
    await reader.readuntil(b"}")
    writer.close()


async def answer(path: str) -> tuple[int, bytes]:
    """(status, body) of a path."""
    number = next(NUMBERS)
    if number == 1:
        print("the first request has come", flush=True)
    if path in QUEUES:
        async with QUEUES[path]:
            await asyncio.sleep(QUEUED_S[path])
    elif path == "/calls-twice":
        await ask_upstream()
        await ask_upstream()
    else:
        await asyncio.sleep(SLOW_S if path == "/slow" else WAIT_S)
    failed = path == "/broken" or (path == "/every-20th" and number % 20 == 0)
    return (500 if failed else 200), (b"%d" % number if path == "/counted" else b"hello")


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The requests of one connection, in turn."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            status, body = await answer(head.split(b" ", 2)[1].decode())
            writer.write(b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve_one, "127.0.0.1", int(sys.argv[1]), backlog=2048)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
