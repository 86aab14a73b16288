"""The connection to the upstream, over `requests`."""

from collections.abc import Callable
from typing import TypeVar

import requests
import urllib3

from fastapi_app.bodies import ENCODINGS, LIMIT_BYTES, decoded
from fastapi_app.config import Settings
from fastapi_app.problems import Problem
from fastapi_app.threads.transport import create_transport

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout = urllib3.Timeout(total=settings.upstream_timeout_s)
        self._transport = create_transport(settings)
        # It prepares requests and sends none: it would keep the upstream's cookies and send them for other callers, and
        # it would read a redirection to its end, however long.
        self._session = requests.Session()
        self._session.trust_env = False  # do not read the environment for each request
        self._session.headers["Accept-Encoding"] = ENCODINGS

    def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, for a
        body over the limit, and if `read` raises ValueError.
        """
        request = self._session.prepare_request(requests.Request("GET", self._url))
        # Set after preparing, which would decode %2E and resolve it as a step in the path.
        request.url = self._url + target
        body = bytearray()
        try:
            # The types do not say so, but requests takes a Timeout of urllib3, too.
            with self._transport.send(request, stream=True, timeout=self._timeout) as response:  # type: ignore[arg-type]
                # Not stream(), which reads a line of the chunked coding to its end, however long.
                while part := response.raw.read(LIMIT_BYTES):
                    body += part
                    if len(body) > LIMIT_BYTES:
                        raise Problem(502)
            if response.status_code != 200:
                raise Problem(502)
            return read(decoded(bytes(body), response.headers.get("Content-Encoding", "")))
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise Problem(504) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise Problem(502) from error
