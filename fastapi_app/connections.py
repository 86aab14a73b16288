"""Connections to the upstream over `aiohttp`, which httpx can use too.

A connection that had more on it than answers is not used again.
"""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import ClientPayloadError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from fastapi_app.config import KEEPALIVE_S


def create_session(connections: int) -> ClientSession:
    """A pool of that many connections. It decodes no body, and has no timeout: the caller has a total one.

    Create it within a running event loop.
    """
    connector = TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE_S)
    connector._factory = partial(_Protocol, loop=asyncio.get_running_loop())  # type: ignore[assignment]  # noqa: SLF001
    session = ClientSession(
        connector=connector, cookie_jar=DummyCookieJar(), auto_decompress=False, timeout=ClientTimeout(total=None)
    )
    # aiohttp would send a GET again if a connection that it has used before is lost.
    session._retry_connection = False  # noqa: SLF001
    # Targets are encoded. Encoding one again would first decode %2E, which is then a step in the path.
    session._build_url = partial(URL, encoded=True)  # type: ignore[method-assign]  # noqa: SLF001
    return session


class _Protocol(ResponseHandler):
    def feed_data(self, data: Any, size: int = 0) -> None:
        if 100 < data[0].code < 200:
            self.force_close()
        super().feed_data(data, size)

    # aiohttp tells of broken chunks only whoever waits for the head of an answer, not the reader of its body.
    def set_exception(self, exc: Any, *cause: Any) -> None:
        super().set_exception(exc, *cause)
        body = self._payload
        if isinstance(exc, HttpProcessingError) and body is not None and not body.is_eof():
            body.set_exception(ClientPayloadError(str(exc)))

    # aiohttp asks before it uses an idle connection again, which by then may have a further answer or half of one.
    def is_connected(self) -> bool:
        with suppress(HttpProcessingError):
            if super().is_connected() and not len(self):
                return self._parser is not None and self._parser.feed_eof() is None
        return False
