"""The clients: each is the service's own Upstream with another HTTP client in it."""

from collections.abc import Callable, Mapping

import httpx

from fastapi_app.config import KEEPALIVE_S, Settings
from fastapi_app.upstream import Upstream

POOL = 1000
"""The most connections that a pool opens and keeps, unless it has its default limits."""


class HttpxUpstream(Upstream):
    """The upstream client over the given httpx client."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        super().__init__(settings)
        self._client = client


def _httpx(settings: Settings) -> Upstream:
    return HttpxUpstream(settings, httpx.AsyncClient(timeout=settings.upstream_timeout_s, trust_env=False))


def _httpx_1000(settings: Settings) -> Upstream:
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=KEEPALIVE_S)
    client = httpx.AsyncClient(limits=limits, timeout=settings.upstream_timeout_s, trust_env=False)
    return HttpxUpstream(settings, client)


def _httpx_aiohttp(settings: Settings) -> Upstream:
    return Upstream(settings.model_copy(update={"upstream_client": "aiohttp"}))


# Imported where they are used, so that no client pays for the import of another.
def _aiohttp(settings: Settings) -> Upstream:
    from examples.clients.aiohttp_upstream import AiohttpUpstream  # noqa: PLC0415

    return AiohttpUpstream(settings, POOL)


def _httpx2(settings: Settings) -> Upstream:
    from examples.clients.httpx2_upstream import Httpx2Upstream  # noqa: PLC0415

    return Httpx2Upstream(settings, None)


def _httpx2_1000(settings: Settings) -> Upstream:
    from examples.clients.httpx2_upstream import Httpx2Upstream  # noqa: PLC0415

    return Httpx2Upstream(settings, POOL)


CLIENTS: Mapping[str, Callable[[Settings], Upstream]] = {
    "httpx": _httpx,
    "httpx-1000": _httpx_1000,
    "httpx-aiohttp": _httpx_aiohttp,
    "aiohttp": _aiohttp,
    "httpx2": _httpx2,
    "httpx2-1000": _httpx2_1000,
}
"""By name: the function that makes the upstream client. Call it within a running event loop."""
