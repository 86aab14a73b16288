"""GET /health: nothing but the framework."""

import json

from loadtests.engine.user import ScenarioUser


class Health(ScenarioUser):
    """Asks whether the service is there."""

    path = "/health"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """`{"status": "ok"}`."""
        return bool(json.loads(body) == {"status": "ok"})
