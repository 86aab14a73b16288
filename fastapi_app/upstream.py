"""The upstream, over `httpx`: on its own transport, or on aiohttp's."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import httpcore
import httpx

from fastapi_app import models
from fastapi_app.config import Settings

T = TypeVar("T")

# Less than the 75 s after which a server may close an idle connection.
KEEPALIVE_S = 60


class Upstream:
    """The upstream's four resources; each call ends in Problem 502 if it fails, 504 if it exceeds the timeout.

    Create it within a running event loop.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, ValueError)
        limits = httpx.Limits(
            max_connections=settings.upstream_connections,
            max_keepalive_connections=settings.upstream_connections,
            keepalive_expiry=KEEPALIVE_S,
        )
        if settings.upstream_client == "aiohttp":
            # Imported here: whoever does not use it shall not pay for it.
            from aiohttp import ClientError  # noqa: PLC0415

            self._failures += (ClientError,)
            transport = _aiohttp_transport(limits)
        else:
            transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        # No proxy, and no look at the environment.
        self._client = httpx.AsyncClient(transport=transport, timeout=settings.upstream_timeout_s, trust_env=False)

    async def weather(self, city: str) -> int | float:
        """The temperature in `city`, in degrees Celsius."""
        # "." and ".." would be taken as steps in the path.
        segment = quote(city, safe="").replace(".", "%2E")
        return await self._get(f"/weather/{segment}", models.read_temperature)

    async def user(self, user_id: int) -> models.User:
        """The user of that number."""
        return await self._get(f"/users/{user_id}", models.read_user)

    async def orders(self, user_id: int) -> list[models.Order]:
        """The user's orders."""
        return await self._get(f"/orders?user_id={user_id}", models.read_orders)

    async def reviews(self, user_id: int) -> list[models.Review]:
        """The user's reviews."""
        return await self._get(f"/reviews?user_id={user_id}", models.read_reviews)

    async def sequential(self, user_id: int) -> models.Aggregate:
        """All about a user, asked for one after the other; the first Problem ends it."""
        return models.Aggregate(
            user=await self.user(user_id), orders=await self.orders(user_id), reviews=await self.reviews(user_id)
        )

    async def parallel(self, user_id: int) -> models.Aggregate:
        """All about a user, asked for at once; of several Problems the first in that order is raised."""
        user = asyncio.ensure_future(self.user(user_id))
        orders = asyncio.ensure_future(self.orders(user_id))
        reviews = asyncio.ensure_future(self.reviews(user_id))
        # No call outlives its request, and which Problem is raised does not depend on which came first.
        await asyncio.gather(user, orders, reviews, return_exceptions=True)
        return models.Aggregate(user=user.result(), orders=orders.result(), reviews=reviews.result())

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def _get(self, target: str, read: Callable[[bytes], T]) -> T:
        try:
            response = await self._client.get(self._url + target)
            if response.status_code != 200:
                raise models.Problem(502)
            return read(response.content)
        except self._failures as error:
            # The cause, because httpx_aiohttp turns every lost or refused connection into a timeout.
            late = isinstance(error.__cause__, httpcore.TimeoutException | TimeoutError)
            raise models.Problem(504 if late else 502) from error


def _aiohttp_transport(limits: httpx.Limits) -> httpx.AsyncBaseTransport:
    from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415
    from yarl import URL  # noqa: PLC0415

    transport = AiohttpTransport(limits=limits, trust_env=False)
    session = transport.get_client()
    # httpx has encoded the URL; encoding it again would decode %2E first, and then take the step.
    session._build_url = partial(URL, encoded=True)  # type: ignore[method-assign]  # noqa: SLF001
    transport.client = session
    return transport
