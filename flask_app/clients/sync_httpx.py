"""The connection to the upstream, over the synchronous client of `httpx`."""

import socket
import threading
import time
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpcore
import httpx

from flask_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from flask_app.config import Settings
from flask_app.problems import Problem

T = TypeVar("T")

# Less than the 75 s after which a server may close an idle connection.
KEEPALIVE_S = 60


class Upstream:
    """The upstream at the address in the settings. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s
        self._backend = _Backend()
        transport = httpx.HTTPTransport(trust_env=False)
        transport._pool = _Pool(  # noqa: SLF001
            max_connections=settings.upstream_connections,
            max_keepalive_connections=settings.upstream_connections,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=self._backend,
        )
        self._client = httpx.Client(
            transport=transport,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # callers do not share cookies
            headers={"Accept-Encoding": ENCODINGS},
            timeout=httpx.Timeout(None, pool=settings.upstream_timeout_s),  # the backend has a total one
            trust_env=False,  # use no proxy, and do not read the environment
        )

    def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        body = bytearray()
        self._backend.deadline.at_s = time.monotonic() + self._timeout_s
        try:
            with self._client.stream("GET", self._url + target) as response:
                for part in response.iter_raw():
                    body += part
                    if len(body) > LIMIT_BYTES:
                        raise Problem(502)
            if response.status_code != 200:
                raise Problem(502)
            return read(decoded(bytes(body), response.headers.get("Content-Encoding", "")))
        except httpx.TimeoutException as error:
            raise Problem(504) from error
        except (httpx.HTTPError, ValueError) as error:
            raise Problem(502) from error


class _Backend(httpcore.SyncBackend):
    """Connects with what is left until the deadline of the thread's call. httpx itself has no total timeout."""

    def __init__(self) -> None:
        self.deadline = threading.local()

    def connect_tcp(self, **named: Any) -> httpcore.NetworkStream:  # type: ignore[override]
        # Python tries the host's addresses one after another, and gives each the whole timeout.
        try:
            addresses = socket.getaddrinfo(named["host"], named["port"], type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(error) from error
        timeout_s = self.left_s(httpcore.ConnectTimeout) / len(addresses)
        return _Stream(super().connect_tcp(**{**named, "timeout": timeout_s}), self)

    def left_s(self, late: type[Exception]) -> float:
        left_s: float = self.deadline.at_s - time.monotonic()
        if left_s <= 0:
            raise late("the deadline is over")
        return left_s


class _Stream(httpcore.NetworkStream):
    """Reads and writes with what is left until the deadline of the thread's call."""

    def __init__(self, stream: httpcore.NetworkStream, backend: _Backend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._backend.left_s(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._backend.left_s(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Http11(httpcore.HTTP11Connection):
    """Closes itself after an answer with an interim one before it, or with bytes after it.

    h11 would take these bytes for the answer to the next request.
    """

    _spoiled = False

    def _receive_event(self, timeout: float | None = None) -> Any:
        event = super()._receive_event(timeout)
        if 100 < getattr(event, "status_code", 200) < 200:
            self._spoiled = True
        return event

    def _response_closed(self) -> None:
        if self._spoiled or self._h11_state.trailing_data[0]:
            self.close()
        else:
            super()._response_closed()


class _Connection(httpcore.HTTPConnection):
    """Connects as httpcore does, and then speaks HTTP by the class above."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        with self._request_lock:
            if self._connection is None:
                try:
                    stream = self._connect(request)
                except BaseException:
                    self._connect_failed = True
                    raise
                self._connection = _Http11(self._origin, stream, self._keepalive_expiry)
        return super().handle_request(request)


class _Pool(httpcore.ConnectionPool):
    def create_connection(self, origin: httpcore.Origin) -> _Connection:
        return _Connection(origin, keepalive_expiry=self._keepalive_expiry, network_backend=self._network_backend)
