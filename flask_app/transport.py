"""How `requests` reaches the upstream."""

from requests.adapters import HTTPAdapter

from flask_app.config import Settings
from flask_app.connections import Pool


def create_transport(settings: Settings) -> HTTPAdapter:
    """The pool of connections to the upstream, which threads may share.

    urllib3 checks that an idle connection has received nothing, not even its end, before it uses the connection again.
    """
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.upstream_connections)
    adapter.poolmanager.pool_classes_by_scheme = {"http": Pool}
    return adapter
