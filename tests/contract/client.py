"""A client that sends a request line exactly as written, over a connection that it keeps."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any, Self

CHUNK_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False

    def raw(self) -> bytes:
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: service\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        body = self.body or b""
        if self.chunked:
            head += "Transfer-Encoding: chunked\r\n"
            chunks = [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
        elif self.body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        return head.encode("ascii") + b"\r\n" + body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str | None
    allow: frozenset[str] | None
    location: str | None
    length: int
    body: bytes

    @property
    def parsed(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body.decode("utf-8"), parse_constant=_refuse) if self.body else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


class Connection:
    """A connection that is kept alive, and opened again after the server has closed it."""

    def __init__(self, port: int, timeout_s: float = 30) -> None:
        self.port = port
        self.timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._request: Request | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, request: Request) -> Answer:
        self.send(request)
        return self.receive()

    def send(self, request: Request) -> None:
        """Sends without waiting for the answer, so that several servers can work concurrently."""
        self._request = request
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), self.timeout_s)
        self._socket.sendall(request.raw())

    def receive(self) -> Answer:
        assert self._socket is not None
        assert self._request is not None
        response = http.client.HTTPResponse(self._socket, method=self._request.method)
        try:
            response.begin()
            body = response.read()
            # Further bytes would be read as the answer to the next request.
            closes = response.will_close
        except BaseException:
            self.close()
            raise
        finally:
            response.close()
        if closes:
            self.close()
        allow = response.getheader("Allow")
        return Answer(
            status=response.status,
            content_type=response.getheader("Content-Type"),
            allow=None if allow is None else frozenset(part.strip() for part in allow.split(",")),
            location=response.getheader("Location"),
            length=int(response.getheader("Content-Length") or 0),
            body=body,
        )

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
