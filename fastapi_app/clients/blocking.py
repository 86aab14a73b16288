"""The connection to the upstream over `requests`, called from coroutines: the event loop stands still meanwhile."""

from collections.abc import Callable
from typing import TypeVar

from fastapi_app.config import Settings
from fastapi_app.threads import upstream

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._upstream = upstream.Upstream(settings)

    async def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        return self._upstream.get(target, read)

    async def aclose(self) -> None:
        """The connections end with the process."""
