"""A server that freezes once under each load, to show what a closed load leaves out.

    python freezing_server.py HOST PORT

Every GET is answered 20 ms after it came. Five seconds into each load (the first request after half a second of
silence begins one) the whole server stands still for a second, as it would for a long garbage collection, a slow DNS
look-up on the event loop or a page fault storm. Nothing else ever goes wrong.

A single user who waits for an answer before asking again has one slow request among hundreds: the P95 of a closed load
does not see the freeze. Visitors who come 20 times a second, whatever the server does, all stand in the queue: 20 of
the 200 requests of a 10 s window wait, and the open load's P95 is about half a second.

Each freeze is told on stdout, which the harness keeps as the server's log: when it began and ended, in seconds on
CLOCK_MONOTONIC, the clock of the raw samples.
"""

import asyncio
import sys
import time

SERVICE_S = 0.02
"""From the request to its answer, while nothing is frozen."""

FREEZE_AFTER_S = 5.0
FREEZE_S = 1.0
SILENCE_S = 0.5
"""Whoever asks after so long begins another load: the harness takes longer than that between two."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


class FreezingServer:
    """Answers on any number of kept connections, and freezes once under each load."""

    def __init__(self) -> None:
        self.active_s = 0.0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the other side closes it."""
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
        """Hold up the event loop, and with it every connection. The silence of a freeze begins no new load."""
        begun_s = time.monotonic()
        time.sleep(FREEZE_S)
        self.active_s = time.monotonic()
        print(f"frozen from {begun_s:.6f} to {self.active_s:.6f}", flush=True)


async def main(host: str, port: int) -> None:
    """Serve until the process is ended."""
    async with await asyncio.start_server(FreezingServer().answer, host, port, backlog=2048) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
