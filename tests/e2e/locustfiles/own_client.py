"""A user with a client of its own, which fires the request event for each call; one call has no response time."""

import time
import urllib.request

from locust import User, task
from locust.env import Environment


class Client:
    """Calls over a connection of its own each."""

    def __init__(self, environment: Environment, host: str) -> None:
        self.environment = environment
        self.host = host

    def call(self, path: str) -> None:
        """One call, and its event."""
        start_time, began_s, exception, size = time.time(), time.perf_counter(), None, 0
        try:
            with urllib.request.urlopen(f"{self.host}{path}") as answer:
                size = len(answer.read())
        except OSError as error:
            exception = error
        self.environment.events.request.fire(
            request_type="CALL",
            name=path,
            start_time=start_time,
            response_time=(time.perf_counter() - began_s) * 1000,
            response_length=size,
            response=None,
            context={},
            exception=exception,
        )


class Caller(User):
    """Calls, and notes that it did."""

    @task
    def call(self) -> None:
        """A call that is timed, and a note that is not."""
        Client(self.environment, str(self.host)).call("/item?id=3")
        self.environment.events.request.fire(
            request_type="NOTE", name="called", response_time=None, response_length=0, exception=None, context={}
        )
