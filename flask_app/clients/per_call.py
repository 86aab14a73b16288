"""The connection to the upstream as articles print it: `requests.get`, a new one for each call, no timeout."""

from collections.abc import Callable
from typing import TypeVar

import requests

from flask_app.config import Settings
from flask_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url

    def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 502 after a failure, for a status other than 200, and if `read` raises ValueError.
        """
        try:
            response = requests.get(self._url + target)  # noqa: S113 - as printed
            if response.status_code != 200:
                raise Problem(502)
            return read(response.content)
        except (requests.RequestException, ValueError) as error:
            raise Problem(502) from error
