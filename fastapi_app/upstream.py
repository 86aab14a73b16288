"""The connection to the upstream, over `httpx`."""

from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import anyio
import httpx

from fastapi_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from fastapi_app.config import Settings
from fastapi_app.problems import Problem
from fastapi_app.transport import create_transport

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings. Create it within a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, ValueError)
        if settings.upstream_client == "aiohttp":
            # Imported only here, because httpx on its own transport does not need it.
            from aiohttp import ClientError  # noqa: PLC0415

            self._failures += (ClientError,)
        self._client = httpx.AsyncClient(
            transport=create_transport(settings),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # callers do not share cookies
            headers={"Accept-Encoding": ENCODINGS},
            timeout=None,  # noqa: S113 - get() has a total one
            trust_env=False,  # use no proxy, and do not read the environment
        )

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        body = bytearray()
        try:
            with anyio.fail_after(self._timeout_s):
                async with self._client.stream("GET", self._url + target) as response:
                    async for part in response.aiter_raw():
                        body += part
                        if len(body) > LIMIT_BYTES:
                            raise Problem(502)
            if response.status_code != 200:
                raise Problem(502)
            return read(decoded(bytes(body), response.headers.get("Content-Encoding", "")))
        except TimeoutError as error:
            raise Problem(504) from error
        except self._failures as error:
            raise Problem(502) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()
