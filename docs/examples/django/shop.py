"""A Django project in one file: GET /orders/USER sums up the orders that a slow upstream has for a user.

    UPSTREAM_URL=http://127.0.0.1:9000 gunicorn shop:application --worker-class gthread --threads 50

Without the harness the upstream is `UPSTREAM_TOKEN=secret python -m upstream`.
"""

import os
import threading

import requests
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

UPSTREAM_URL = os.environ["UPSTREAM_URL"]
TIMEOUT_S = 10.0

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])

_own = threading.local()


def _session() -> requests.Session:
    """The session of the calling thread. A Session is not thread-safe; it keeps its connection for the next request."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.trust_env = False  # no proxy, and no look-up of the environment at each request
    session: requests.Session = _own.session
    return session


def orders(_request: HttpRequest, user: int) -> JsonResponse:
    """The number of orders and of pieces of a user; 502 if the upstream fails."""
    try:
        answer = _session().get(f"{UPSTREAM_URL}/orders?user_id={user}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found = answer.json()
    except requests.RequestException:
        return JsonResponse({"detail": "the upstream failed"}, status=502)
    return JsonResponse({"orders": len(found), "pieces": sum(order["quantity"] for order in found)})


urlpatterns = [path("orders/<int:user>", orders)]

application = get_wsgi_application()
