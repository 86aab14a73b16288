"""What one user sends to one host: which messages, on which connections, and the check of each answer."""

import time
from collections.abc import Mapping
from typing import Protocol

from locust.env import Environment

from loadtests.engine.answers import decoded
from loadtests.engine.asked import Asked
from loadtests.engine.client import Client
from loadtests.engine.draws import Drawn, Draws, Jar, Rows, taken
from loadtests.engine.options import parsed_host
from loadtests.engine.recording import ERRORS, Sent
from loadtests.engine.requests import Request

LOGIN_S = 60.0
"""A login may take longer than a request that is measured."""


class LoginError(Exception):
    """A login that did not succeed, in words."""


class Sender(Protocol):
    """What is needed of the user who sends."""

    environment: Environment
    timeout_s: float
    number: int

    def keep_wrong(self, request: Request, code: int, status: int, received: bytes, body: bytes) -> None:
        """Keep what a request got that ended with this negative code, if it is the first wrong answer of its kind."""


class Target:
    """One host, and what a user sends it."""

    def __init__(
        self, user: Sender, host: str | None, asked: Asked, rows: Rows | None, seed: int, *, reconnects: bool
    ) -> None:
        self.user = user
        self.url = parsed_host(host)
        self._login = asked.login
        self._rows = rows
        self._reconnects = reconnects
        self._messages = [one.message(self.url, reconnects=reconnects) for one in asked.requests]
        self._draws = Draws(asked.requests, rows, f"{seed}/{user.number}")
        self._jar = Jar() if asked.cookies else None
        self._taken: Mapping[str, str] = {}

    def connect(self) -> Client:
        """A client for one more connection."""
        return Client(self.url.hostname or "", self.url.port or 80)

    def login(self, client: Client) -> None:
        """Log in with the user's row of the feed, if the scenario has a login. LoginError where that fails."""
        if self._login is None:
            return
        request = self._login.request
        values = self._rows.of(self.user.number) if self._rows is not None else {}
        try:
            status, body = client.ask(request.message(self.url).filled(values, self._cookies()), LOGIN_S)
            plain = decoded(client.received, body)
            code = request.checked(status, plain)
            if code < 0:
                got = f"status {status}" if status > 0 else ERRORS[status]
                raise LoginError(
                    f"{request.method} {request.name}: {got} instead of {request.right(code)}: {plain[:200]!r}"
                )
            self._taken = taken(self._login.take, client.received, plain)
            for one in self._messages:  # a value that cannot stand in its place is found now, and not under load
                one.filled({**values, **self._taken})
        except ValueError as error:
            raise LoginError(f"{request.method} {request.name}: {error}") from error
        self._keep_cookies(client)

    def draw(self) -> Drawn:
        """The next request, and the row that fills it."""
        return self._draws.next()

    def send(self, client: Client, scheduled_s: float, drawn: Drawn) -> Sent:
        """Send one request, check its answer and report it to Locust."""
        request, row = drawn
        jar, own = self._jar, self._messages[request.route]
        if jar is None and not self._taken:
            message = own.of_row(row)
        else:
            message = own.filled({**row, **self._taken}, "" if jar is None else jar.header())
        sent_s = time.monotonic()
        status, body = client.ask(message, self.user.timeout_s)
        done_s = time.monotonic()
        if self._reconnects:  # whether or not the service has closed the connection too
            client.close()
        plain = decoded(client.received, body)
        code = request.checked(status, plain)
        if code < 0:
            self.user.keep_wrong(request, code, status, client.received, plain)
        if jar is not None:
            jar.keep(client.received)
        self.report(request, code, done_s - scheduled_s, len(body))
        return sent_s, done_s, code, len(body), client.connected_anew, request.route

    def report(self, request: Request, status: int, latency_s: float, size: int) -> None:
        """Report one request to Locust."""
        self.user.environment.events.request.fire(
            request_type=request.method,
            name=request.name,
            response_time=latency_s * 1000,
            response_length=size,
            context={},
            exception=None if status > 0 else RuntimeError(ERRORS.get(status, f"status {-status}")),
        )

    def _cookies(self) -> str:
        return self._jar.header() if self._jar is not None else ""

    def _keep_cookies(self, client: Client) -> None:
        if self._jar is not None:
            self._jar.keep(client.received)
