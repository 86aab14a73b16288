"""A server that behaves as its second argument says, and leaves marks in its working directory.

`started` and `asked` appear there when it has started and when the first request has come.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

PORT, BEHAVIOUR = int(sys.argv[1]), sys.argv[2]
ANSWER = b"HTTP/1.1 %b\r\nContent-Length: 5\r\n\r\nhello"
SLOW_S = {"slow": 1.5, "sluggish": 8.0}


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            Path("asked").touch()
            if BEHAVIOUR == "dies":
                asyncio.get_running_loop().call_later(0.4, os._exit, 9)
            if BEHAVIOUR == "rude":
                break
            await asyncio.sleep(3600 if BEHAVIOUR == "hangs" else SLOW_S.get(BEHAVIOUR, 0.05))
            writer.write(ANSWER % (b"500 Broken" if BEHAVIOUR == "broken" else b"200 OK"))
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve_one, "127.0.0.1", int(os.environ.get("HARD", PORT)))
    async with server:
        await server.serve_forever()


Path("started").touch()
if BEHAVIOUR == "stillborn":
    sys.exit("no way to start")
if BEHAVIOUR == "deaf":
    time.sleep(3600)
if BEHAVIOUR == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for new_session in (False, True):
        if os.fork() == 0:
            if new_session:
                os.setsid()
            time.sleep(3600)
asyncio.run(main())
