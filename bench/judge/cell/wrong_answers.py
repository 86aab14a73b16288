"""The wrong answers of a run, and one in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.judge.cell.figures import WRONG_BODY, error_name
from bench.model.cell import Cell
from bench.model.wrong_answer import WrongAnswer

ENCODING = "content-encoding"
DECODED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The load generator knows what bodies in these encodings say."""


@dataclass(frozen=True, slots=True)
class Given:
    """A wrong answer, and the stack that gave it under a scenario."""

    stack: str
    scenario: str
    answer: WrongAnswer


def first_of_each(cells: Iterable[Cell], number: int = 0) -> tuple[Given, ...]:
    """The first wrong answer of each kind that each stack gave under each scenario; in an A/B by the side `number`."""
    first: dict[tuple[str, str, str], Given] = {}
    for cell in cells:
        for one in cell.measurements[number].wrong_answers:
            first.setdefault((cell.stack, cell.scenario, one.error), Given(cell.stack, cell.scenario, one))
    return tuple(first.values())


def described(one: WrongAnswer) -> str:
    """One line: the kind, what was expected, what came, and what may be the reason."""
    wrong_body = one.error == error_name(WRONG_BODY)  # any other name of an answer says its status, if it has one
    headers = f"headers {'; '.join(one.headers)}" if one.headers else ""
    body = f"body of {one.body_bytes} bytes: {one.body}" if one.body_bytes else "no body"
    status = f"status {one.status}" if wrong_body else ""
    parts = (f"expected {one.expected}", status, headers, body, _encoded(one) if wrong_body else "")
    return f"{one.error}: {', '.join(part for part in parts if part)}"


def _encoded(one: WrongAnswer) -> str:
    """That the body is encoded, if it is: then it differs from what was expected, whatever is in it."""
    for line in one.headers:
        name, _, value = (part.strip() for part in line.partition(":"))
        if name.lower() == ENCODING and value.lower() not in DECODED:
            return (
                f"the body is encoded (Content-Encoding: {value}), and the load generator decodes gzip and deflate "
                f"only: switch compression off in the service"
            )
    return ""
