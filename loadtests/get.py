"""GET any path: what is asked, and what is right, come from the scenario's table in bench.toml.

By hand: `locust -f loadtests/get.py --host http://127.0.0.1:8000/path`.
"""

from loadtests.engine.user import SESSION, ScenarioUser
from loadtests.engine.wrong_answers import BODY_BYTES, readable

BODY = SESSION.plan.body if SESSION is not None else None


class Get(ScenarioUser):
    """Asks for `path`, and expects `status` and, where the table gives one, exactly `body`."""

    path = (SESSION.plan.path or "/") if SESSION is not None else ""  # by hand all of it stands in --host
    status = SESSION.plan.status if SESSION is not None else 200

    @staticmethod
    def accepts(body: bytes) -> bool:
        """The body of the table, or any."""
        return BODY is None or body == BODY.encode()

    @classmethod
    def right_body(cls) -> str:
        """The begin of the body of the table."""
        wanted = (BODY or "").encode()
        return f"a body of {len(wanted)} bytes: {readable(wanted[:BODY_BYTES])}"
