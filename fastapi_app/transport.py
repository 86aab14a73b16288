"""How `httpx` reaches the upstream: over its own transport, or over aiohttp's.

A connection that had more on it than answers is not used again.
"""

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
from httpx._config import DEFAULT_LIMITS

from fastapi_app.config import Settings

if TYPE_CHECKING:
    from aiohttp import ClientSession

# Less than the 75 s after which a server may close an idle connection.
KEEPALIVE_S = 60


def create_transport(settings: Settings) -> httpx.AsyncBaseTransport:
    """The pool of connections to the upstream. Create it within a running event loop.

    Both transports check that an idle connection has not ended before they use the connection again.
    """
    connections = settings.upstream_connections
    if settings.upstream_client == "aiohttp":
        # Imported only here, because httpx on its own transport does not need it.
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415

        return AiohttpTransport(client=create_session(connections))
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEEPALIVE_S
    )
    if settings.upstream_client == "httpx-default":
        limits = DEFAULT_LIMITS
    transport = httpx.AsyncHTTPTransport(trust_env=False)
    transport._pool = _Pool(  # noqa: SLF001
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
    )
    return transport


class _Http11(httpcore.AsyncHTTP11Connection):
    """Closes itself after an answer with an interim one before it, or with bytes after it.

    h11 would take these bytes for the answer to the next request.
    """

    _spoiled = False

    async def _receive_event(self, timeout: float | None = None) -> Any:
        event = await super()._receive_event(timeout)
        if 100 < getattr(event, "status_code", 200) < 200:
            self._spoiled = True
        return event

    async def _response_closed(self) -> None:
        if self._spoiled or self._h11_state.trailing_data[0]:
            await self.aclose()
        else:
            await super()._response_closed()


class _Connection(httpcore.AsyncHTTPConnection):
    """Connects as httpcore does, and then speaks HTTP by the class above."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        if self._connection is None:
            try:
                stream = await self._connect(request)
            except BaseException:
                self._connect_failed = True
                raise
            self._connection = _Http11(self._origin, stream, self._keepalive_expiry)
        return await super().handle_async_request(request)


class _Pool(httpcore.AsyncConnectionPool):
    def create_connection(self, origin: httpcore.Origin) -> _Connection:
        return _Connection(origin, keepalive_expiry=self._keepalive_expiry)


def create_session(connections: int) -> "ClientSession":
    """Aiohttp's pool of that many connections. It decodes no body, and has no timeout: the caller has a total one."""
    # Imported only here, because httpx on its own transport does not need it.
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector  # noqa: PLC0415
    from aiohttp.client_proto import ResponseHandler  # noqa: PLC0415
    from aiohttp.http_exceptions import HttpProcessingError  # noqa: PLC0415
    from yarl import URL  # noqa: PLC0415

    class Protocol(ResponseHandler):
        def feed_data(self, data: Any, size: int = 0) -> None:
            if 100 < data[0].code < 200:
                self.force_close()
            super().feed_data(data, size)

        # aiohttp asks before it uses an idle connection again, which by then may have a further answer or half of one.
        def is_connected(self) -> bool:
            with suppress(HttpProcessingError):
                if super().is_connected() and not len(self):
                    return self._parser is not None and self._parser.feed_eof() is None
            return False

    connector = TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE_S)
    connector._factory = partial(Protocol, loop=asyncio.get_running_loop())  # type: ignore[assignment]  # noqa: SLF001
    session = ClientSession(
        connector=connector, cookie_jar=DummyCookieJar(), auto_decompress=False, timeout=ClientTimeout(total=None)
    )
    # aiohttp would send a GET again if a connection that it has used before is lost.
    session._retry_connection = False  # noqa: SLF001
    # httpx has encoded the URL. Encoding it again would first decode %2E, which is then a step in the path.
    session._build_url = partial(URL, encoded=True)  # type: ignore[method-assign]  # noqa: SLF001
    return session
