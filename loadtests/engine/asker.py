"""How one host is asked: the message, connections to send it on, and what becomes of the answer."""

import time
from typing import Protocol

from locust.env import Environment

from loadtests.engine.client import Client
from loadtests.engine.options import parsed_host
from loadtests.engine.recording import ERRORS


class Asking(Protocol):
    """What is wanted of the user who asks."""

    environment: Environment
    timeout_s: float
    path: str

    def checked(self, status: int, body: bytes) -> int:
        """The status of a right answer; negative of any other."""


class Asker:
    """A user's way to one host."""

    def __init__(self, user: Asking, host: str | None) -> None:
        self.user = user
        self.url = parsed_host(host)
        self.target = f"{self.url.path}{user.path}" or "/"
        if self.url.query:
            self.target += f"?{self.url.query}"
        self.message = f"GET {self.target} HTTP/1.1\r\nHost: {self.url.netloc}\r\nAccept: */*\r\n\r\n".encode()

    def connect(self) -> Client:
        """A client for one more connection."""
        return Client(self.url.hostname or "", self.url.port or 80)

    def ask_once(self, client: Client, scheduled_s: float) -> tuple[float, float, int, int]:
        """Ask, check and tell Locust: (sent_s, done_s, status or error code, body's length)."""
        sent_s = time.monotonic()
        status, body = client.ask(self.message, self.user.timeout_s)
        done_s = time.monotonic()
        status = self.user.checked(status, body)
        self.tell(status, done_s - scheduled_s, len(body))
        return sent_s, done_s, status, len(body)

    def tell(self, status: int, latency_s: float, size: int) -> None:
        """Tell Locust of one request."""
        self.user.environment.events.request.fire(
            request_type="GET",
            name=self.target,
            response_time=latency_s * 1000,
            response_length=size,
            context={},
            exception=None if status > 0 else RuntimeError(ERRORS.get(status, f"status {-status}")),
        )
