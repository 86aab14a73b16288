"""A raw-socket server in a thread: for each connection in turn, what it does to it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]


def asked(connection: socket.socket) -> bytes:
    """One whole request, or what came before the client closed."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        part = connection.recv(4096)
        if not part:
            break
        data += part
    return data


def answers(*parts: bytes, pause_s: float = 0.0) -> Script:
    """Reads a request and sends the parts, each in a packet of its own."""

    def script(connection: socket.socket) -> None:
        asked(connection)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_s)

    return script


def both(*scripts: Script) -> Script:
    """One script after another on the same connection."""

    def script(connection: socket.socket) -> None:
        for each in scripts:
            each(connection)

    return script


def resets(after: bytes = b"") -> Script:
    """Reads a request, sends this much and resets the connection."""

    def script(connection: socket.socket) -> None:
        asked(connection)
        connection.sendall(after)
        time.sleep(0.02 if after else 0)  # a reset overtakes what is still on its way
        abruptly(connection)

    return script


def abruptly(connection: socket.socket) -> None:
    """Makes the close that follows a reset, which loses what the client has not read yet."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def until_closed(connection: socket.socket) -> None:
    """Says nothing until the client has gone."""
    with suppress(OSError):
        while connection.recv(4096):
            pass


def trickles(body: bytes, every_s: float) -> Script:
    """Sends a byte now and then, so that no single wait is long."""

    def script(connection: socket.socket) -> None:
        asked(connection)
        with suppress(OSError):
            for byte in body:
                connection.sendall(bytes([byte]))
                time.sleep(every_s)

    return script


@contextmanager
def serving(*scripts: Script) -> Iterator[tuple[int, list[int]]]:
    """The port, and how many connections were accepted so far (a list's length)."""
    accepted: list[int] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        listener.settimeout(10)
        thread = threading.Thread(target=_serve, args=(listener, scripts, accepted))
        thread.start()
        try:
            yield listener.getsockname()[1], accepted
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, scripts: Sequence[Script], accepted: list[int]) -> None:
    for script in scripts:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        accepted.append(len(accepted))
        with connection, suppress(OSError):
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            script(connection)
