"""The JSON document in the body of a request."""

import json
from typing import Any, NoReturn

from flask import request

from flask_app.problems import Problem

LIMIT_BYTES = 1_000_000
"""The most that a body may have."""

READ_BYTES = 2_000_000
"""A body over the limit is read up to here: a client that is still sending would not read the answer."""

_CHUNK_BYTES = 65_536
_NO_JSON = "the body must be JSON without repeated names, NaN and Infinity"


def received() -> Any:
    """The document; Problem 415 if it is no JSON by its header, 413 if it is too long, 422 if it cannot be parsed."""
    body = _read()
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(415)
    if len(body) > LIMIT_BYTES:
        raise Problem(413)
    return parse(body)


def parse(body: bytes) -> Any:
    """The document in `body`; Problem 422 if there is none."""
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(422, _NO_JSON) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`pairs` as a dict; ValueError if a name is repeated."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is repeated")
    return found


def _refuse(constant: str) -> NoReturn:
    """Raises ValueError: NaN and Infinity are no JSON."""
    raise ValueError(constant)


def _read() -> bytes:
    """The body, or its first READ_BYTES."""
    chunks, left = [], READ_BYTES
    while left > 0 and (chunk := request.stream.read(min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)
