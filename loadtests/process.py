"""GET /process: a sleep of 100 ms inside the service."""

import json

from loadtests.engine.user import ScenarioUser


class Process(ScenarioUser):
    """Asks for work that waits."""

    path = "/process?delay_ms=100"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """`{"status": "done", "delay_ms": 100}`."""
        return bool(json.loads(body) == {"status": "done", "delay_ms": 100})
