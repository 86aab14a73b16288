"""A locustfile whose users think before they ask again."""

import gevent

from loadtests.engine.user import ScenarioUser

THOUGHT_S = 0.03


class Thinking(ScenarioUser):
    """Pauses for 30 ms over each answer, all of which differ, and holds up nobody else."""

    path = "/counted"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether it is a number."""
        gevent.sleep(THOUGHT_S)
        return body.isdigit()
