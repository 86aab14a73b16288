"""What is called and how often, as a JSON file says it; and the answers."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it is in a message of HTTP: the target is path and query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def raw_path(self) -> bytes:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0].encode("ascii")

    @property
    def path(self) -> str:
        """The path as text, for ASGI."""
        return unquote(self.target.partition("?")[0])

    @property
    def native_path(self) -> str:
        """The path for WSGI: its bytes as characters of Latin-1 (PEP 3333)."""
        return unquote_to_bytes(self.target.partition("?")[0]).decode("latin-1")

    @property
    def query(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]


@dataclass(slots=True)
class Answer:
    """The status and the body of an answer."""

    status: int = 0
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Order:
    """What is called, and how often.

    `app`: MODULE:NAME; with `factory` it is called and returns the application. Each of the `requests` is sent
    `warm_up` times, then `times` times, which are counted if `counted`; `users` of them are in flight. `layout`: which
    of several layouts of memory (inprocess/memory.py).
    """

    interface: str
    app: str
    factory: bool
    folder: str
    requests: tuple[Request, ...]
    users: int
    warm_up: int
    times: int
    counted: bool
    layout: int
    output: str

    def application(self) -> Any:
        """The application."""
        module, _, name = self.app.partition(":")
        found = getattr(import_module(module), name)
        return found() if self.factory else found


Calls = Callable[[int], list[Answer]]
"""Sends each request so many times; returns the last answer to each. An answer of another status is an error."""


def order_of(file: Path) -> Order:
    """The order in a file."""
    given = json.loads(file.read_text(encoding="utf-8"))
    requests = tuple(
        Request(
            one["method"],
            one["target"],
            tuple((name, value) for name, value in one["headers"]),
            base64.b64decode(one["body"]),
        )
        for one in given.pop("requests")
    )
    return Order(requests=requests, **given)


def write_answers(order: Order, answers: list[Answer]) -> None:
    """Write the last answer to each request into the file that the order names."""
    said = [{"status": one.status, "body": base64.b64encode(one.body).decode()} for one in answers]
    Path(order.output).write_text(json.dumps(said), encoding="utf-8")


def same(before: Answer | None, answer: Answer, request: Request) -> Answer:
    """The answer. Raises RuntimeError where its status is not that of the one before."""
    if before is not None and before.status != answer.status:
        raise RuntimeError(
            f"{request.method} {request.target} was answered with {before.status}, and later with {answer.status}"
        )
    return answer
