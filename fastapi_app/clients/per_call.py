"""The connection to the upstream as articles print it: an `httpx.AsyncClient` and a connection for each call."""

from collections.abc import Callable
from typing import TypeVar

import httpx

from fastapi_app.config import Settings
from fastapi_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after httpx's own timeouts; Problem 502 after any other failure, for a status other than 200,
        and if `read` raises ValueError.
        """
        try:
            async with httpx.AsyncClient() as client:
                response = await client.get(self._url + target)
            if response.status_code != 200:
                raise Problem(502)
            return read(response.content)
        except httpx.TimeoutException as error:
            raise Problem(504) from error
        except (httpx.HTTPError, ValueError) as error:
            raise Problem(502) from error

    async def aclose(self) -> None:
        """Nothing is open between calls."""
