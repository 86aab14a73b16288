"""A companion: it counts the lines that it is sent, and works for WORK_S seconds of CPU on each.

python lines.py PORT [WORK_S]
"""

import socketserver
import sys
import threading
import time
from itertools import count
from pathlib import Path

WORK_S = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
NUMBERS = count(1)


class Lines(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """A number for each line."""
        while self.rfile.readline():
            end_s = time.thread_time() + WORK_S
            while time.thread_time() < end_s:
                pass
            self.wfile.write(b":%d\r\n" % next(NUMBERS))


class Server(socketserver.ThreadingTCPServer):
    """Each connection has a thread."""

    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    if Path("lines.txt").exists():
        sys.exit("this folder is not fresh")
    Path("lines.txt").write_text(f"{threading.get_native_id()}\n", encoding="utf-8")
    with Server(("127.0.0.1", int(sys.argv[1])), Lines) as server:
        server.serve_forever()
