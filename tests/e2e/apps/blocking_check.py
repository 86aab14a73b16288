"""A locustfile whose check of an answer holds up all other users while it waits."""

from gevent.monkey import get_original

from loadtests.engine.user import ScenarioUser

BLOCKED_S = 0.04
sleep = get_original("time", "sleep")  # Locust has put gevent's in its place, which holds up nobody


class Blocking(ScenarioUser):
    """Sleeps for 40 ms over each answer, all of which differ, as no greenlet should."""

    path = "/counted"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether it is a number."""
        sleep(BLOCKED_S)
        return body.isdigit()
