"""GET /accounts/7: who that is, and the stars that they gave."""

import json

from loadtests.engine.user import ScenarioUser


class Account(ScenarioUser):
    """Asks for one account."""

    path = "/accounts/7"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """The user and the stars that the upstream tells, however the JSON is spaced."""
        return bool(json.loads(body) == {"name": "User 7", "stars": [5, 4, 3]})
