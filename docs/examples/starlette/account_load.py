"""GET /accounts/7: the name of a user and the stars of their reviews."""

import json

from loadtests.engine.user import ScenarioUser


class Account(ScenarioUser):
    """Requests one account."""

    path = "/accounts/7"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether it is the user and the stars that the upstream sends, with any JSON spacing."""
        return bool(json.loads(body) == {"name": "User 7", "stars": [5, 4, 3]})
