"""The requests of a scenario: what is sent, and which answers are right."""

import json
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from loadtests.engine.recording import GARBLED, WRONG_BODY
from loadtests.engine.templates import KEPT, Template, in_body, in_form, in_header, in_json, in_path, joined
from loadtests.engine.wrong_answers import BODY_BYTES, readable

Values = Mapping[str, str]
Accepts = Callable[[bytes], bool]


@lru_cache(maxsize=20)
def tell_once(message: str) -> None:
    """Print this on stderr, unless it was printed before."""
    print(message, file=sys.stderr, flush=True)


def any_body(body: bytes) -> bool:  # noqa: ARG001 (nothing is expected of it)
    """Any body is right."""
    return True


NOTHING = Template(())

KEPT_BYTES = 1000
"""No longer message or body is kept: KEPT of them would take more than 10 MB."""

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
"""A request of these methods says the length of its body, even of none."""


@dataclass(slots=True)
class Request:
    """One request: how it is named, what is sent, and which answers are right.

    `accepts` says whether a body is right, and may raise; `check` is its name; `right_body` says in words which bodies
    are right. `last` is the body that was found to be right last, and `accepted` has short ones that were before: none
    of them is looked at again. `raised`: what the last check raised, in words. `messages`: what is sent of it, by host.
    """

    name: str
    method: str
    path: Template
    accepts: Accepts
    right_body: str
    check: str
    headers: Mapping[str, Template] = field(default_factory=dict)
    body: Template = NOTHING
    file: bytes | None = None
    status: Collection[int] = (200,)
    weight: float = 1.0
    route: int = 0
    last: bytes | None = field(default=None, init=False)
    accepted: set[bytes] = field(default_factory=set, init=False)
    raised: str = field(default="", init=False)
    messages: dict[tuple[SplitResult, bool], "Message"] = field(default_factory=dict, init=False)

    def message(self, host: SplitResult, *, reconnects: bool = False) -> "Message":
        """What is sent of it to a host. All users share it: a body may have megabytes."""
        key = host, reconnects
        if key not in self.messages:
            self.messages[key] = Message(self, host, reconnects=reconnects)
        return self.messages[key]

    def checked(self, status: int, body: bytes) -> int:
        """The status of a right answer; negative for any other."""
        if status not in self.status:
            return -abs(status)
        if self.accepts is any_body or body == self.last or body in self.accepted:
            return status
        raised = ""
        try:
            right = self.accepts(body)
        except Exception as error:  # noqa: BLE001
            raised = f"{self.check}: {type(error).__name__}: {error}"
            tell_once(raised)
            right = False
        self.raised = raised
        if right:
            self.last = body
            if len(body) <= KEPT_BYTES and len(self.accepted) < KEPT:
                self.accepted.add(body)
        return status if right else WRONG_BODY

    def right(self, code: int) -> str:
        """What would have been right instead of what ended with this negative code, in words."""
        if code == GARBLED:
            return "one HTTP/1.1 answer"
        if code != WRONG_BODY:
            return f"status {' or '.join(map(str, self.status))}"
        return f"{self.right_body} ({self.raised})" if self.raised else self.right_body


class Message:
    """A request as it is sent to one host, whose path comes before the request's own.

    `reconnects`: it tells the service that no other request will come over its connection.
    """

    def __init__(self, request: Request, host: SplitResult, *, reconnects: bool) -> None:
        own = {name.lower() for name in request.headers}
        usual = {"Host": host.netloc, "Accept": "*/*", **({"Connection": "close"} if reconnects else {})}
        headers = {name: Template((value,)) for name, value in usual.items() if name.lower() not in own}
        headers |= request.headers
        path = request.path.parts if host.path or request.path.parts not in {(), ("",)} else ("/",)
        query = f"?{host.query}" if host.query else ""
        lines = [part for name, value in headers.items() for part in (f"{name}: ", *value.parts, "\r\n")]
        head = joined((f"{request.method} {host.path}", *path, f"{query} HTTP/1.1\r\n", *lines))
        self._head = Template(head)
        self._body = request.body
        self._file = request.file
        self._has_length = request.method in WITH_BODY
        self._constant = self._made({}, "") if self._head.constant and self._body.constant else None
        self._by_row: dict[int, bytes] = {}
        bodiless = not self._body.parts and not self._file and not self._has_length
        self._whole = Template(joined((*head, "\r\n"))) if bodiless else None

    def filled(self, values: Values, cookie: str = "") -> bytes:
        """The bytes to send. ValueError where a value cannot stand in its place."""
        if cookie:
            return self._made(values, cookie)
        if self._constant is not None:
            return self._constant
        return self._made(values, cookie) if self._whole is None else self._whole.filled(values)

    def of_row(self, row: Values) -> bytes:
        """As `filled`, with a row of the feed, which lives on: the message is kept, where it is short."""
        found = self._by_row.get(id(row))
        if found is None:
            found = self.filled(row)
            if len(self._by_row) < KEPT and len(found) <= KEPT_BYTES:
                self._by_row[id(row)] = found
        return found

    def _made(self, values: Values, cookie: str) -> bytes:
        body = self._body.filled(values) if self._file is None else self._file
        head = self._head.filled(values)
        if cookie:
            head += b"Cookie: %b\r\n" % cookie.encode()
        if body or self._has_length:
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        return head + b"\r\n"


def request_of(given: Mapping[str, Any], names: Collection[str], route: int = 0) -> Request:
    """The request that a plan describes (bench/model/requests.py); `names`: those that stand for values."""
    body, file, content_type = _body(given, names)
    headers = {name: in_header(value, names) for name, value in given["headers"].items()}
    if content_type is not None and "content-type" not in map(str.lower, headers):
        headers["Content-Type"] = in_header(content_type, ())
    accepts, right_body = _expected(given["expect"])
    return Request(
        name=given["name"],
        method=given["method"],
        path=in_path(given["path"], names),
        headers=headers,
        body=body,
        file=file,
        status=tuple(given["status"]),
        accepts=accepts,
        right_body=right_body,
        check=f"the check of {given['name']}",
        weight=given["weight"],
        route=route,
    )


def _body(given: Mapping[str, Any], names: Collection[str]) -> tuple[Template, bytes | None, str | None]:
    """The body as a template, or as the bytes of a file; and its content type."""
    if given["json"] is not None:
        return in_json(given["json"], names), None, "application/json"
    if given["form"] is not None:
        return in_form(given["form"], names), None, "application/x-www-form-urlencoded"
    if given["body_file"] is not None:
        return Template(()), Path(given["body_file"]).read_bytes(), None
    return in_body(given["body"] or "", names), None, None


def _expected(expect: Mapping[str, Any] | None) -> tuple[Accepts, str]:
    """Which bodies are right: a function, and words."""
    if expect is None:
        return any_body, "any body"
    if expect["text"] is not None:
        wanted = expect["text"].encode()
        return partial(_equal, wanted), f"a body of {len(wanted)} bytes: {readable(wanted[:BODY_BYTES])}"
    if expect["json"] is not None:
        shown = json.dumps(expect["json"], ensure_ascii=False)
        return partial(_has_json, expect["json"]), f"a JSON body with {readable(shown.encode()[:BODY_BYTES])}"
    pattern = re.compile(expect["regex"])
    return partial(_matches, pattern), f"a body that matches {readable(pattern.pattern.encode()[:BODY_BYTES])}"


def _equal(wanted: bytes, body: bytes) -> bool:
    return body == wanted


def _matches(pattern: re.Pattern[str], body: bytes) -> bool:
    return pattern.search(body.decode()) is not None


def _has_json(wanted: Any, body: bytes) -> bool:
    return contains(json.loads(body), wanted)


def contains(found: Any, wanted: Any) -> bool:
    """Whether a JSON value has all that is wanted: an object may have more keys, a list has as many elements."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and contains(found[key], inner) for key, inner in wanted.items()
        )
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        return all(contains(one, inner) for one, inner in zip(found, wanted, strict=True))
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)
