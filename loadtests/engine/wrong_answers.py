"""Wrong answers: the first of each kind is kept as it came."""

import json
from pathlib import Path
from typing import Any

from loadtests.engine.recording import FAILED, GARBLED, WRONG_BODY

BODY_BYTES = 500
HEADERS = 40
HEADER_BYTES = 300
KINDS = 20
"""So many kinds of each measurement are kept: a service may answer with as many statuses as there are numbers."""


class WrongAnswers:
    """The first wrong answer of each kind, for each measurement."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], dict[str, Any]] = {}

    def wants(self, measurement: int, code: int) -> bool:
        """Whether a request that ended with this code got the first wrong answer of its kind."""
        if (measurement, code) in self.kept or not (code in {FAILED, GARBLED, WRONG_BODY} or code <= -100):
            return False
        return sum(number == measurement for number, _ in self.kept) < KINDS

    def keep(self, measurement: int, code: int, status: int, received: bytes, body: bytes, expected: str) -> None:
        """Keep an answer: its status, the first bytes that came and the body; and in words what would have been right.

        Of an answer that is no HTTP only what came is kept.
        """
        garbled = code == GARBLED
        shown = received if garbled else body
        self.kept[measurement, code] = {
            "measurement": measurement,
            "code": code,
            "status": None if garbled else status,
            "headers": [] if garbled else _headers(received, status),
            "body": readable(shown[:BODY_BYTES]),
            "body_bytes": len(shown),
            "expected": readable(expected.encode("utf-8", "backslashreplace")),
        }

    def write(self, path: Path) -> None:
        """Write what was kept to a JSON file."""
        path.write_text(json.dumps(list(self.kept.values())), encoding="utf-8")


def readable(data: bytes) -> str:
    """The bytes as printable text: what is no UTF-8, or unprintable, is written as an escape."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _headers(received: bytes, status: int) -> list[str]:
    """The lines of the headers of the answer with this status; 1xx answers may come before it."""
    for head in received.split(b"\r\n\r\n"):
        first, *lines = head.split(b"\r\n")
        if first.split(b" ", 2)[1:2] == [b"%d" % status]:
            return [readable(line[:HEADER_BYTES]) for line in lines[:HEADERS]]
    return []
