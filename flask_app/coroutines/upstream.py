"""The connection to the upstream, over `aiohttp`."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from aiohttp import ClientError, ClientPayloadError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from flask_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from flask_app.config import Settings
from flask_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings.

    Each call opens a connection: a client belongs to its event loop, and Flask runs each request on a new one.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        body = bytearray()
        url = URL(self._url + target, encoded=True)  # decoding %2E would make a step in the path of it
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                ClientSession(
                    connector=_connector(),
                    cookie_jar=DummyCookieJar(),
                    headers={"Accept-Encoding": ENCODINGS},
                    auto_decompress=False,
                    timeout=ClientTimeout(total=None),
                ) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > LIMIT_BYTES:
                        raise Problem(502)
            if response.status != 200:
                raise Problem(502)
            return read(decoded(bytes(body), response.headers.get("Content-Encoding", "")))
        except TimeoutError as error:
            raise Problem(504) from error
        except (ClientError, ValueError) as error:
            raise Problem(502) from error


def _connector() -> TCPConnector:
    connector = TCPConnector()
    connector._factory = partial(_Protocol, loop=asyncio.get_running_loop())  # type: ignore[assignment]  # noqa: SLF001
    return connector


class _Protocol(ResponseHandler):
    # aiohttp tells of broken chunks only whoever waits for the head of an answer, not the reader of its body.
    def set_exception(self, exc: Any, *cause: Any) -> None:
        super().set_exception(exc, *cause)
        body = self._payload
        if isinstance(exc, HttpProcessingError) and body is not None and not body.is_eof():
            body.set_exception(ClientPayloadError(str(exc)))
