"""A subject is added by its module and its name in SUBJECTS: everything else already holds for its routes."""

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Query
from flask import Blueprint
from pydantic import BeforeValidator

import fastapi_app.app
import fastapi_app.parameters
import flask_app.app
import flask_app.parameters

from .client import Request

SIZE = "an integer from 1 to 9"
GET, POST = frozenset({"GET", "HEAD"}), frozenset({"POST"})
Answered = tuple[int, frozenset[str] | None, object]
"""Status, the methods in Allow, and the body: of a problem its detail."""

ANSWERS: dict[Request, Answered] = {
    Request("GET", "/parcels?size=2"): (200, None, {"size": 2}),
    Request("HEAD", "/parcels?size=2"): (200, None, None),
    Request("GET", "/parcels?size=0"): (422, None, f"size must be {SIZE}"),
    Request("GET", "/parcels?size=1&size=1"): (422, None, "size must be given once"),
    Request("POST", "/parcels?size=2"): (405, GET, "this path answers GET and HEAD only"),
    Request("POST", "/parcels/new"): (200, None, {"size": 1}),
    Request("PUT", "/parcels/new"): (405, POST, "this path answers POST only"),
    Request("GET", "/parcels/new%0A"): (404, None, "no such path"),
}


def flask_subject() -> ModuleType:
    module, routes = ModuleType("flask_app.parcels"), Blueprint("parcels", __name__)
    read_size = partial(flask_app.parameters.integer_between, low=1, high=9)

    @routes.get("/parcels")
    def parcel() -> dict[str, int]:
        flask_app.parameters.once("size")
        return {"size": flask_app.parameters.parameter("size", read_size, SIZE, default="1")}

    @routes.post("/parcels/new")
    def send() -> dict[str, int]:
        return {"size": 1}

    module.routes = routes  # type: ignore[attr-defined]
    return module


def fastapi_subject() -> ModuleType:
    module, router = ModuleType("fastapi_app.parcels"), APIRouter()
    read_size = partial(fastapi_app.parameters.integer_between, low=1, high=9)

    @router.get("/parcels", dependencies=[fastapi_app.parameters.once("size")])
    async def parcel(size: Annotated[int, BeforeValidator(read_size), Query(description=SIZE)] = 1) -> dict[str, int]:
        return {"size": size}

    @router.post("/parcels/new")
    async def send() -> dict[str, int]:
        return {"size": 1}

    module.router = router  # type: ignore[attr-defined]
    return module


def ask_flask(request: Request) -> Answered:
    answer = flask_app.app.create_app().test_client().open(request.target, method=request.method)
    return answered(answer.status_code, answer.headers.get("Allow"), answer.data)


def ask_fastapi(request: Request) -> Answered:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(fastapi_app.app.create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(request.method, request.target)

    answer = asyncio.run(ask())
    return answered(answer.status_code, answer.headers.get("Allow"), answer.content)


def answered(status: int, allow: str | None, body: bytes) -> Answered:
    content = json.loads(body or b"null")
    methods = None if allow is None else frozenset(allow.split(", "))
    return status, methods, content if status == 200 else content["detail"]


@pytest.mark.parametrize("ask", [ask_flask, ask_fastapi])
@pytest.mark.parametrize("asked", ANSWERS, ids=lambda request: f"{request.method} {request.target}")
def test_an_added_subject_is_served_like_every_other(
    ask: Callable[[Request], Answered], asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    for app, subject in ((flask_app.app, flask_subject()), (fastapi_app.app, fastapi_subject())):
        monkeypatch.setitem(sys.modules, subject.__name__, subject)
        monkeypatch.setattr(app, "SUBJECTS", (*app.SUBJECTS, "parcels"))
    assert ask(asked) == ANSWERS[asked]
