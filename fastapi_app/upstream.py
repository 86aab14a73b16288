"""The connection to the upstream, over `httpx`: on its own transport, or on aiohttp's."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import httpcore
import httpx

from fastapi_app.config import Settings
from fastapi_app.problems import Problem

T = TypeVar("T")

# Less than the 75 s after which a server may close an idle connection.
KEEPALIVE_S = 60


class Upstream:
    """The upstream at the address in the settings. Create it within a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, ValueError)
        limits = httpx.Limits(
            max_connections=settings.upstream_connections,
            max_keepalive_connections=settings.upstream_connections,
            keepalive_expiry=KEEPALIVE_S,
        )
        if settings.upstream_client == "aiohttp":
            # Imported only here, because httpx on its own transport does not need it.
            from aiohttp import ClientError  # noqa: PLC0415

            self._failures += (ClientError,)
            transport = _aiohttp_transport(limits)
        else:
            transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        # trust_env=False: use no proxy, and do not read the environment.
        self._client = httpx.AsyncClient(transport=transport, timeout=settings.upstream_timeout_s, trust_env=False)

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, and if
        `read` raises ValueError.
        """
        try:
            response = await self._client.get(self._url + target)
            if response.status_code != 200:
                raise Problem(502)
            return read(response.content)
        except self._failures as error:
            # Its cause, because httpx_aiohttp turns every lost or refused connection into a timeout.
            late = isinstance(error.__cause__, httpcore.TimeoutException | TimeoutError)
            raise Problem(504 if late else 502) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def _aiohttp_transport(limits: httpx.Limits) -> httpx.AsyncBaseTransport:
    from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415
    from yarl import URL  # noqa: PLC0415

    transport = AiohttpTransport(limits=limits, trust_env=False)
    session = transport.get_client()
    # httpx has encoded the URL. Encoding it again would first decode %2E, which is then a step in the path.
    session._build_url = partial(URL, encoded=True)  # type: ignore[method-assign]  # noqa: SLF001
    transport.client = session
    return transport
