"""Connections to the upstream over `urllib3`, which `requests` uses too.

A timeout is a total one, and a connection that had more on it than answers is not used again.
"""

import io
import socket
import time
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection


class _Received(io.RawIOBase):
    """What a socket receives within its timeout, which starts now and is a total one."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)  # as long as it is open, so is the socket
        self._deadline_s = time.monotonic() + (sock.gettimeout() or 0.0)
        self._complete = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client reads an answer from. It would ask the socket for it."""
        return _Buffered(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._complete:
            return None
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)
        return self._file.readinto(buffer)

    def complete(self) -> None:
        """Nothing further is received: what the buffer still has, and only that, can be read."""
        self._complete = True

    def spoil(self) -> None:
        """Ends the connection, which urllib3 notices before it would use it again."""
        with suppress(OSError):  # the upstream has ended it already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Buffered(io.BufferedReader):
    """The bytes of an answer. What is left when it is closed is no part of the answer."""

    def __init__(self, received: _Received) -> None:
        super().__init__(received)
        self._received = received

    def close(self) -> None:
        if not self.closed:
            self._received.complete()
            if self.peek():
                self._received.spoil()
        super().close()


class _Answer(HTTPResponse):
    """An answer that may follow interim ones. Python itself takes every status but 100 for that of the answer."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(_Received(sock), *arguments, **named)  # type: ignore[arg-type]

    def begin(self) -> None:
        super().begin()
        interim = 100 < self.status < 200
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment] # else there is nothing left to begin
            super().begin()
        self.will_close |= interim


class _Connection(HTTPConnection):
    response_class = _Answer

    def connect(self) -> None:
        # urllib3 tries the host's addresses one after another, and gives each the whole timeout.
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        self.timeout = self.timeout and self.timeout / len(addresses)
        super().connect()


class Pool(HTTPConnectionPool):
    """The connections to one host."""

    ConnectionCls = _Connection
