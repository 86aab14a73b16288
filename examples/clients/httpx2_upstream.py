"""The upstream client over httpx2, a continuation of httpx 0.28 with the same API."""

from collections.abc import Callable
from typing import TypeVar

import httpx2

from fastapi_app.config import KEEPALIVE_S, Settings
from fastapi_app.problems import Problem
from fastapi_app.upstream import Upstream

T = TypeVar("T")


class Httpx2Upstream(Upstream):
    """The upstream client over httpx2 with a pool of `connections`; None: with the default limits."""

    def __init__(self, settings: Settings, connections: int | None) -> None:
        super().__init__(settings)
        limit_s = settings.upstream_timeout_s
        if connections is None:
            self._httpx2 = httpx2.AsyncClient(timeout=limit_s, trust_env=False)
        else:
            limits = httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEEPALIVE_S
            )
            self._httpx2 = httpx2.AsyncClient(limits=limits, timeout=limit_s, trust_env=False)

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """What `Upstream.get` returns, over this client."""
        try:
            response = await self._httpx2.get(self._url + target)
            if response.status_code != 200:
                raise Problem(502)
            return read(response.content)
        except httpx2.TimeoutException as error:
            raise Problem(504) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise Problem(502) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._httpx2.aclose()
        await super().aclose()
