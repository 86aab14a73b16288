"""The JSON document in the body of a request, for FastAPI to validate."""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NoReturn, get_args

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fastapi_app.problems import Problem

LIMIT_BYTES = 1_000_000
"""The most that a body may have."""

READ_BYTES = 2_000_000
"""A body over the limit is read up to here: a client that is still sending would not read the answer."""

_NO_JSON = "the body must be JSON without repeated names, NaN and Infinity"


async def received(request: Request) -> bytes:
    """The body; Problem 415 if it is no JSON by its header, 413 if it is too long."""
    body = await _read(request)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or {"identity", *request.headers.getlist("Content-Encoding")} != {"identity"}:
        raise Problem(415)
    if len(body) > LIMIT_BYTES:
        raise Problem(413)
    return body


def parse(body: bytes) -> Any:
    """The document in `body`; Problem 422 if there is none."""
    # Neither Pydantic's parser nor that of Starlette refuses repeated names.
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


class DocumentRequest(Request):
    """A request whose body was read and parsed."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._body = body
        self._json = parse(body)


class DocumentRoute(APIRoute):
    """A route whose body is a JSON document: what FastAPI refuses is told by its place in the document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, which is given the document."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(DocumentRequest(request, await received(request)))
            except RequestValidationError as error:
                raise Problem(422, self._refusal(error.errors()[0]["loc"][1:])) from error

        return handler

    def _refusal(self, path: Sequence[int | str]) -> str:
        """`#/3/quantity must be an integer`: the innermost place on the path that is described, and its description."""
        assert self.body_field is not None  # noqa: S101 - else there is nothing to refuse
        whole = self.body_field.field_info
        if not path:
            return f"# must be {whole.description}"
        (model,) = get_args(whole.annotation)
        place, *names = path
        pointer, allowed = f"#/{place}", model.ALLOWED
        for name in names:
            field = _fields(model).get(str(name))
            if field is None:
                break
            pointer, allowed, model = f"{pointer}/{name}", field.description, field.annotation
        return f"{pointer} must be {allowed}"


def _fields(model: object) -> Mapping[str, FieldInfo]:
    return model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}


async def _read(request: Request) -> bytes:
    """The body, or its first READ_BYTES."""
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size >= READ_BYTES:
            break
    return b"".join(chunks)
