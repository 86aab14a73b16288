"""One wrong answer of a service, kept as it came."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """The first wrong answer of its kind in a cell, warm-up included.

    `error`: the name of the kind, as in `Requests.by_error`. `status` is None where the answer is no HTTP. `headers`
    are the lines of its head. `body` is the begin of its `body_bytes` bytes; of an answer that is no HTTP, of all that
    came. Unprintable characters, and bytes that are no UTF-8, are written as escapes. `expected`: what would have been
    right, in words.
    """

    error: str
    status: int | None
    headers: tuple[str, ...]
    body: str
    body_bytes: int
    expected: str
