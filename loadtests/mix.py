"""The requests of the scenario's table in bench.toml: one, or a mix of several.

By hand it is GET of any path: `locust -f loadtests/mix.py --host http://127.0.0.1:8000/path`.
"""

from loadtests.engine.asked import asked_of
from loadtests.engine.user import SESSION, ScenarioUser


class Mix(ScenarioUser):
    """Asks for what the table says."""

    path = ""  # by hand all of it stands in --host
    asked = asked_of(SESSION.plan.asked) if SESSION is not None and SESSION.plan.asked is not None else None

    @staticmethod
    def accepts(body: bytes) -> bool:  # noqa: ARG004 (by hand nothing is expected of it)
        """Any body."""
        return True
