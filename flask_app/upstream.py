"""The connection to the upstream, over `requests`."""

import threading
from collections.abc import Callable
from typing import TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter

from flask_app.config import Settings
from flask_app.problems import Problem

T = TypeVar("T")


class Upstream:
    """The upstream at the address in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s
        # Threads share the adapter, which holds the connection pool. They do not share a Session: its cookies, for
        # one, are not safe to share. urllib3 checks that the upstream has not closed an idle connection before it
        # uses it again, so no limit on the idle time is needed.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.upstream_connections)
        self._local = threading.local()

    def get(self, target: str, read: Callable[[bytes], T]) -> T:
        """The body of the answer to GET `target` (path and query), as `read` returns it.

        Raises Problem 504 after the timeout; Problem 502 after any other failure, for a status other than 200, and if
        `read` raises ValueError.
        """
        session = self._session()
        request = session.prepare_request(requests.Request("GET", self._url))
        # Set after preparing, which would decode %2E and resolve it as a step in the path.
        request.url = self._url + target
        try:
            response = session.send(request, timeout=self._timeout_s, allow_redirects=False)
            if response.status_code != 200:
                raise Problem(502)
            return read(response.content)
        except requests.Timeout as error:
            raise Problem(504) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # requests reports a timeout within the body as a ConnectionError around urllib3's own error.
            late = bool(error.args) and isinstance(error.args[0], urllib3.exceptions.TimeoutError)
            raise Problem(504 if late else 502) from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False  # use no proxy, and do not read the environment for each request
            session.mount("http://", self._adapter)
        return session
