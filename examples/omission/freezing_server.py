"""A server that freezes once under each load, to show what a closed-loop load leaves out.

    python freezing_server.py HOST PORT

Every GET is answered after 20 ms. Five seconds into each load (the first request after half a second of silence starts
one) the whole server freezes for a second, as for a long garbage collection, a slow DNS look-up on the event loop or a
storm of page faults. Nothing else goes wrong.

A single user who waits for each answer has one slow request among hundreds, so the P95 of a closed-loop load does not
show the freeze. When 20 requests arrive each second, whatever the server does, 20 of the 200 requests of a 10 s window
wait, and the P95 of the open-loop load is about half a second.

Each freeze is printed to stdout, which the harness keeps as the server's log: its start and end, in seconds on
CLOCK_MONOTONIC, the clock of the raw samples.
"""

import asyncio
import sys
import time

SERVICE_S = 0.02
"""From the request to its answer, unless the server is frozen."""

FREEZE_AFTER_S = 5.0
FREEZE_S = 1.0
SILENCE_S = 0.5
"""A request after this much silence starts a new load. The harness pauses longer than that between two loads."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


class FreezingServer:
    """Answers on any number of keep-alive connections and freezes once under each load."""

    def __init__(self) -> None:
        self.active_s = 0.0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the other side closes it."""
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self._note_request()
                await asyncio.sleep(SERVICE_S)
                writer.write(ANSWER)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _note_request(self) -> None:
        now_s = time.monotonic()
        if now_s - self.active_s > SILENCE_S:
            asyncio.get_running_loop().call_later(FREEZE_AFTER_S, self._freeze)
        self.active_s = now_s

    def _freeze(self) -> None:
        """Block the event loop and so every connection. The silence of a freeze does not start a new load."""
        begun_s = time.monotonic()
        time.sleep(FREEZE_S)
        self.active_s = time.monotonic()
        print(f"frozen from {begun_s:.6f} to {self.active_s:.6f}", flush=True)


async def main(host: str, port: int) -> None:
    """Serve until the process ends."""
    async with await asyncio.start_server(FreezingServer().answer, host, port, backlog=2048) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
