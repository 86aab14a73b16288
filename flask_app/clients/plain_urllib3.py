"""The connection to the upstream, over `urllib3` itself, which `requests` is built on."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3

from flask_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from flask_app.config import Settings
from flask_app.connections import Pool
from flask_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        address = urlsplit(settings.upstream_url)
        self._prefix = address.path
        self._pool = Pool(
            str(address.hostname),
            address.port or 80,
            maxsize=settings.upstream_connections,
            timeout=urllib3.Timeout(total=settings.upstream_timeout_s),
            retries=False,
            headers={"Accept-Encoding": ENCODINGS},
        )

    def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        body = bytearray()
        try:
            response = self._pool.urlopen("GET", self._prefix + target, preload_content=False, decode_content=False)
            with response:
                # Not stream(), which reads a line of the chunked coding to its end, however long.
                while part := response.read(LIMIT_BYTES):
                    body += part
                    if len(body) > LIMIT_BYTES:
                        raise Problem(502)
            if response.status != 200:
                raise Problem(502)
            return read(decoded(bytes(body), response.headers.get("Content-Encoding", "")))
        except urllib3.exceptions.NewConnectionError as error:  # refused, although it is a kind of timeout to urllib3
            raise Problem(502) from error
        except urllib3.exceptions.TimeoutError as error:
            raise Problem(504) from error
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise Problem(502) from error
