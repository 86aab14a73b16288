"""How `httpx` reaches the upstream: over its own transport, or over aiohttp's.

A connection that had more on it than answers is not used again.
"""

from typing import Any

import httpcore
import httpx

from fastapi_app.config import KEEPALIVE_S, Settings


def create_transport(settings: Settings) -> httpx.AsyncBaseTransport:
    """The pool of connections to the upstream. Create it within a running event loop.

    Both transports check that an idle connection has not ended before they use the connection again.
    """
    connections = settings.upstream_connections
    if settings.upstream_client == "aiohttp":
        # Imported only here, because httpx on its own transport does not need them.
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415

        from fastapi_app.connections import create_session  # noqa: PLC0415

        return AiohttpTransport(client=create_session(connections))
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEEPALIVE_S
    )
    if settings.upstream_client == "httpx-default":
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)  # what AsyncClient() has
    elif settings.upstream_client == "httpx-kept":
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
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
