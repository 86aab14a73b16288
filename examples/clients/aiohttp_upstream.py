"""The upstream client over aiohttp alone."""

from collections.abc import Callable
from typing import TypeVar

import aiohttp
from yarl import URL

from fastapi_app.config import KEEPALIVE_S, Settings
from fastapi_app.problems import Problem
from fastapi_app.upstream import Upstream

T = TypeVar("T")


class AiohttpUpstream(Upstream):
    """The upstream client over a session with at most `connections` connections."""

    def __init__(self, settings: Settings, connections: int) -> None:
        super().__init__(settings)
        limit_s = settings.upstream_timeout_s
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(connect=limit_s, sock_connect=limit_s, sock_read=limit_s),
        )

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """What `Upstream.get` returns, over this client."""
        try:
            # Already encoded. Encoding it again would decode %2E first and then resolve the dot in the path.
            url = URL(self._url + target, encoded=True)
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status != 200:
                    raise Problem(502)
                return read(await response.read())
        except TimeoutError as error:
            raise Problem(504) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Problem(502) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._session.close()
        await super().aclose()
