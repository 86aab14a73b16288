"""A locustfile whose check of an answer takes all that the generator's core can give."""

import time

from loadtests.engine.user import ScenarioUser

BURN_S = 0.04


class Computing(ScenarioUser):
    """Computes for 40 ms of CPU time on each answer, all of which differ."""

    path = "/counted"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """Whether it is a number."""
        end_s = time.thread_time() + BURN_S
        while time.thread_time() < end_s:
            pass
        return body.isdigit()
