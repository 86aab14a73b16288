"""What is sent to one host: the message, the connections that carry it, and the check of each answer."""

import time
from typing import Protocol

from locust.env import Environment

from loadtests.engine.client import Client
from loadtests.engine.options import parsed_host
from loadtests.engine.recording import ERRORS, Sent


class Sender(Protocol):
    """What is needed of the user who sends."""

    environment: Environment
    timeout_s: float
    path: str

    def checked(self, status: int, body: bytes) -> int:
        """The status of a right answer; negative for any other."""

    def keep_wrong(self, code: int, status: int, received: bytes, body: bytes) -> None:
        """Keep what a request got that ended with this negative code, if it is the first wrong answer of its kind."""


class Target:
    """One host, and the request that a user sends it."""

    def __init__(self, user: Sender, host: str | None) -> None:
        self.user = user
        self.url = parsed_host(host)
        self.path = f"{self.url.path}{user.path}" or "/"
        if self.url.query:
            self.path += f"?{self.url.query}"
        self.message = f"GET {self.path} HTTP/1.1\r\nHost: {self.url.netloc}\r\nAccept: */*\r\n\r\n".encode()

    def connect(self) -> Client:
        """A client for one more connection."""
        return Client(self.url.hostname or "", self.url.port or 80)

    def send(self, client: Client, scheduled_s: float) -> Sent:
        """Send one request, check its answer and report it to Locust."""
        sent_s = time.monotonic()
        status, body = client.ask(self.message, self.user.timeout_s)
        done_s = time.monotonic()
        code = self.user.checked(status, body)
        if code < 0:
            self.user.keep_wrong(code, status, client.received, body)
        self.report(code, done_s - scheduled_s, len(body))
        return sent_s, done_s, code, len(body), client.connected_anew

    def report(self, status: int, latency_s: float, size: int) -> None:
        """Report one request to Locust."""
        self.user.environment.events.request.fire(
            request_type="GET",
            name=self.path,
            response_time=latency_s * 1000,
            response_length=size,
            context={},
            exception=None if status > 0 else RuntimeError(ERRORS.get(status, f"status {-status}")),
        )
