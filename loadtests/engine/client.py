"""A lean HTTP/1.1 client: one connection, whole answers, and a code for each kind of failure.

geventhttpclient's parser (llhttp) on a gevent socket. Its own client is not used: when a
connection closes without an answer, it sends the request again without reporting it, and a benchmark must see that.
"""

from errno import EADDRNOTAVAIL

from gevent import Timeout, sleep, socket
from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

from loadtests.engine.recording import GARBLED, LOST, NO_CONNECTION, NO_PORT, TIMED_OUT

RECEIVE_BYTES = 16384
TURN_READS = 16
"""Before so many reads in a row the event loop has its turn. Data that keeps coming would hold up all that is due
meanwhile: the timeout of this request, the arrivals of others, the timer's beats. And the first read has nothing to
read yet: to try costs a system call and an exception."""

RETRY_S = 0.01
"""That there is no free port is known at once, and a user who tries again and again would take all of the CPU."""

PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class _Response(HTTPResponseParser):
    """The answers on one connection, in turn. `complete` and `parts` describe the one being read.

    `bodiless`: it has no body whatever its head says, as the answer to HEAD.
    """

    def __init__(self) -> None:
        super().__init__()
        self.complete = False
        self.surplus = False
        self.bodiless = False
        self.parts: list[bytearray] = []
        # The parser calls it with each part of a body. Adding part to part would copy all of the body for each of them.
        self._on_body = self.parts.append

    def _on_message_begin(self) -> None:
        self.surplus = self.complete

    def _on_message_complete(self) -> None:
        if self.get_code() >= 200:  # 1xx only announces the answer
            self.complete = True

    def _on_headers_complete(self) -> bool:
        return self.bodiless

    def _skip(self, *_: object) -> None:
        pass

    _on_status = _on_header_field = _on_header_value = _skip


def _seen(connection: socket.socket) -> bytes | None:
    """What an idle connection has to read: nothing (None), its end (b""), or a byte that nobody asked for."""
    try:
        # gevent's own recv would wait.
        return connection._sock.recv(1, PEEK)  # type: ignore[no-any-return]  # noqa: SLF001
    except BlockingIOError:
        return None
    except OSError:
        return b""


class Client:
    """One connection to `host:port`, opened when it is needed and kept alive for as long as the server does.

    `connected_anew`: whether the last request opened the connection. `received`: the first bytes of what came for it,
    as they came: RECEIVE_BYTES of them, unless fewer came.
    """

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self.peer: tuple[int, tuple[str, int]] | None = None
        self.socket: socket.socket | None = None
        self.connected_anew = False
        self.received = b""
        self.response = _Response()

    def ask(self, message: bytes, timeout_s: float) -> tuple[int, bytes]:
        """(HTTP status, body) of the answer to a whole request message, or (a negative code, b"") without one.

        The timeout covers everything from connecting to the last byte. The codes are NO_CONNECTION, NO_PORT, LOST,
        GARBLED and TIMED_OUT of loadtests/engine/recording.py. Nothing is sent twice and no redirect is followed. A
        connection that the server closed while it was idle, which is its right, is replaced by another before anything
        is sent.
        """
        deadline = Timeout.start_new(timeout_s)
        self.connected_anew = False
        self.received = b""
        try:
            seen = None if self.socket is None else _seen(self.socket)
            if seen == b"":
                self.close()
            if self.socket is None:
                self._connect()
            if seen:  # read later, unasked-for bytes would pass for the answer to this request
                self.received = seen
                code = GARBLED
            else:
                code = self._exchange(self.socket, message)
        except Timeout as expired:
            if expired is not deadline:
                raise
            code = TIMED_OUT
        except HTTPParseError:
            code = GARBLED
        except OSError as error:
            code = LOST if self.socket is not None else NO_PORT if error.errno == EADDRNOTAVAIL else NO_CONNECTION
        finally:
            deadline.close()
        if code == NO_PORT:
            sleep(RETRY_S)
        if code < 0:
            self.close()
            return code, b""
        if not self.response.should_keep_alive():
            self.close()
        return code, b"".join(self.response.parts)

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens another."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _connect(self) -> None:
        self.connected_anew = True
        if self.peer is None:
            self.socket = socket.create_connection(self.address)
            self.peer = self.socket.family, self.socket.getpeername()
        else:  # looking the name up again would cost each request of a server that closes its connections
            connection = socket.socket(self.peer[0], socket.SOCK_STREAM)
            try:
                connection.connect(self.peer[1])
            except BaseException:  # a timeout is one
                connection.close()
                raise
            self.socket = connection
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.response = _Response()

    def _exchange(self, connection: socket.socket, message: bytes) -> int:
        response = self.response
        response.complete = False
        response.bodiless = message.startswith(b"HEAD ")
        response.parts.clear()
        sent = connection.send(message)
        if sent < len(message):  # sendall asks for the size of the socket's buffer first, which costs a system call
            connection.sendall(memoryview(message)[sent:])
        reads = 0
        while not response.complete:
            if reads % TURN_READS == 0:
                connection._wait(connection._read_event)  # noqa: SLF001 (socket.wait_read makes a new watcher each time)
            reads += 1
            data = connection.recv(RECEIVE_BYTES)
            if len(self.received) < RECEIVE_BYTES:
                self.received += data
            try:
                response.feed(data)
            except HTTPParseError:
                if data:
                    raise
                return LOST  # the connection closed in the middle of an answer
            if not data and not response.complete:
                return LOST
        return GARBLED if response.surplus else response.get_code()
