"""JSON bodies, checked by hand. Every function raises ValueError for a value of the wrong type."""

import json
import math
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

ENCODINGS = "gzip, deflate"
LIMIT_BYTES = 1_000_000
"""The most that a body of the upstream may have, with its content encoding and without."""


def decoded(body: bytes, encoding: str) -> bytes:
    """`body` without its content encoding, if it is one of ENCODINGS; ValueError if it is broken or over the limit."""
    if encoding.lower() not in ENCODINGS.split(", "):
        return body
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip's header, or deflate's
    try:
        plain = decoder.decompress(body, LIMIT_BYTES + 1)
    except zlib.error as error:
        raise ValueError(encoding) from error
    if len(plain) > LIMIT_BYTES or decoder.unused_data or not decoder.eof:
        raise ValueError(encoding)
    return plain


def parse(body: bytes) -> Any:
    """The JSON document in `body`; ValueError if there is none."""
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text(value: object) -> str:
    """`value`, a string that UTF-8 can encode."""
    if type(value) is not str:
        raise ValueError(value)
    value.encode()
    return value


def integer(value: object) -> int:
    """`value`, an integer."""
    # The exact type, because isinstance accepts a bool as an int.
    if type(value) is not int:
        raise ValueError(value)
    return value


def number(value: object) -> int | float:
    """`value`, an integer or a finite float."""
    if type(value) is float and math.isfinite(value):
        return value
    return integer(value)


def record(value: object) -> dict[str, object]:
    """`value`, an object."""
    if type(value) is not dict:
        raise ValueError(value)
    return value


def each(read: Callable[[object], T], value: object) -> list[T]:
    """The items of `value`, a list, as `read` returns them."""
    if type(value) is not list:
        raise ValueError(value)
    return [read(item) for item in value]
