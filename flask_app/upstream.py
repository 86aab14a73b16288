"""The upstream, over `requests`."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import HTTPAdapter

from flask_app import models
from flask_app.config import Settings

T = TypeVar("T")


class Upstream:
    """The upstream's four resources; each call ends in Problem 502 if it fails, 504 if it exceeds the timeout."""

    def __init__(self, settings: Settings, threads: ThreadPoolExecutor) -> None:
        self._url = settings.upstream_url
        self._timeout_s = settings.upstream_timeout_s
        self._threads = threads
        # A Session is not safe to share between threads (its cookies, for one), the pool of connections below it is.
        # urllib3 looks whether the other side has closed a connection before it uses it again, and so needs no limit
        # on how long one may idle.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.upstream_connections)
        self._local = threading.local()

    def weather(self, city: str) -> int | float:
        """The temperature in `city`, in degrees Celsius."""
        # "." and ".." would be taken as steps in the path.
        segment = quote(city, safe="").replace(".", "%2E")
        return self._get(f"/weather/{segment}", models.read_temperature)

    def user(self, user_id: int) -> models.User:
        """The user of that number."""
        return self._get(f"/users/{user_id}", models.read_user)

    def orders(self, user_id: int) -> list[models.Order]:
        """The user's orders."""
        return self._get(f"/orders?user_id={user_id}", models.read_orders)

    def reviews(self, user_id: int) -> list[models.Review]:
        """The user's reviews."""
        return self._get(f"/reviews?user_id={user_id}", models.read_reviews)

    def sequential(self, user_id: int) -> models.Aggregate:
        """All about a user, asked for one after the other; the first Problem ends it."""
        return {"user": self.user(user_id), "orders": self.orders(user_id), "reviews": self.reviews(user_id)}

    def parallel(self, user_id: int) -> models.Aggregate:
        """All about a user, asked for at once; of several Problems the first in that order is raised."""
        user = self._threads.submit(self.user, user_id)
        orders = self._threads.submit(self.orders, user_id)
        reviews = self._threads.submit(self.reviews, user_id)
        calls: tuple[Future[Any], ...] = (user, orders, reviews)
        # No call outlives its request, and which Problem is raised does not depend on which came first.
        wait(calls)
        return {"user": user.result(), "orders": orders.result(), "reviews": reviews.result()}

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False  # no proxy, and no look at the environment for each request
            session.mount("http://", self._adapter)
        return session

    def _get(self, target: str, read: Callable[[bytes], T]) -> T:
        session = self._session()
        request = session.prepare_request(requests.Request("GET", self._url))
        # Set afterwards, because preparing decodes %2E and then takes the step.
        request.url = self._url + target
        try:
            response = session.send(request, timeout=self._timeout_s, allow_redirects=False)
            if response.status_code != 200:
                raise models.Problem(502)
            return read(response.content)
        except requests.Timeout as error:
            raise models.Problem(504) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # A timeout within the body is a ConnectionError around urllib3's own.
            late = bool(error.args) and isinstance(error.args[0], urllib3.exceptions.TimeoutError)
            raise models.Problem(504 if late else 502) from error
