"""What the parameters of all subjects share. A route passes to `parameter` the text of what it allows."""

import re
from collections.abc import Callable
from typing import TypeVar

from flask import request

from flask_app.problems import Problem

T = TypeVar("T")

# int() also accepts signs, spaces, underscores and the digits of every script.
_INTEGER = re.compile(r"[0-9]{1,7}")


def integer_between(text: str, low: int, high: int) -> int:
    """`text` as an integer; ValueError if it is not one to seven ASCII digits, or outside [low, high]."""
    if _INTEGER.fullmatch(text) is None or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def once(*names: str) -> None:
    """Raises Problem 422 for the first of these query parameters that the request repeats."""
    for name in names:
        if len(request.args.getlist(name)) > 1:
            raise Problem(422, f"{name} must be given once")


def parameter(name: str, read: Callable[[str], T], allowed: str, default: str) -> T:
    """The query parameter `name`, or `default`, as `read` returns it; Problem 422 if it is not what is `allowed`."""
    return valid(name, read, allowed, request.args.get(name, default))


def valid(name: str, read: Callable[[str], T], allowed: str, text: str) -> T:
    """`text` as `read` returns it; Problem 422, which says what is `allowed`, if `read` raises ValueError."""
    try:
        return read(text)
    except ValueError as error:
        raise Problem(422, f"{name} must be {allowed}") from error
