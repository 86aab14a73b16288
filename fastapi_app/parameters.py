"""What the parameters of all subjects share. The description of a parameter is the text of what it allows."""

import re

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from fastapi_app.problems import Problem

# Pydantic's int also accepts signs, spaces, underscores and "1.0".
_INTEGER = re.compile(r"[0-9]{1,7}")


def integer_between(text: str, low: int, high: int) -> int:
    """`text` as an integer; ValueError if it is not one to seven ASCII digits, or outside [low, high]."""
    if _INTEGER.fullmatch(text) is None or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def once(*names: str) -> Dependency:
    """A dependency that raises Problem 422 for the first of these query parameters that the request repeats."""

    # A coroutine, although it awaits nothing: FastAPI would run a plain function in a thread.
    async def check(request: Request) -> None:
        query = request.query_params
        for name in names:
            if len(query.getlist(name)) > 1:
                raise Problem(422, f"{name} must be given once")

    dependency: Dependency = Depends(check)
    return dependency
