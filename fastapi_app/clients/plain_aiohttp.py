"""The connection to the upstream, over `aiohttp` itself, without httpx in front of it."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from aiohttp import ClientError

from fastapi_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from fastapi_app.config import Settings
from fastapi_app.connections import create_session
from fastapi_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings. Create it within a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s
        self._session = create_session(settings.upstream_connections)

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        body = bytearray()
        try:
            with anyio.fail_after(self._timeout_s):
                url, headers = self._url + target, {"Accept-Encoding": ENCODINGS}
                async with self._session.get(url, allow_redirects=False, headers=headers) as response:
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

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._session.close()
