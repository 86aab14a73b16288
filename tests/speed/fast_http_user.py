"""Locust's own FastHttpUser under the same plan and recording as the lean user, to be compared with it."""

import itertools
import time

from locust import FastHttpUser, constant, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.engine.user import SESSION

NUMBERS = itertools.count()


class Fast(FastHttpUser):
    """Asks as loadtests/mix.py does, and records each request; Locust's request event is fired by FastHttpUser."""

    wait_time = constant(0)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.number = next(NUMBERS)

    @task
    def ask(self) -> None:
        """One request after another until the window ends."""
        assert SESSION is not None
        assert SESSION.plan.asked is not None
        path = SESSION.plan.asked["requests"][0]["path"]
        while SESSION.turn(self.number) is not None:
            scheduled_s = time.monotonic()
            SESSION.waiting[self.number] = scheduled_s
            response = self.client.get(path)
            done_s = time.monotonic()
            status = response.status_code or -1
            SESSION.recorder.add(scheduled_s, scheduled_s, done_s, status, len(response.content or b""))
            del SESSION.waiting[self.number]
        raise StopUser
