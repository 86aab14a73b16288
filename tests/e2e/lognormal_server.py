"""A server with lognormal delays that logs what it did: the truth that a measurement is held against.

Its n-th answer is n bytes long, so that each can be told in the samples, and its line on stdout is n, when the request
came and when its answer left, on CLOCK_MONOTONIC.
"""

import asyncio
import itertools
import math
import random
import sys
import time

MEDIAN_S, SIGMA = 0.05, 0.5
DELAYS = random.Random(1)
NUMBERS = itertools.count(1)


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            came_s = time.monotonic()
            number = next(NUMBERS)
            await asyncio.sleep(DELAYS.lognormvariate(math.log(MEDIAN_S), SIGMA))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % number + b"x" * number)
            print(number, came_s, time.monotonic(), flush=True)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    async with await asyncio.start_server(serve_one, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
