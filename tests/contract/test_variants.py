"""Each variant does the one thing that it is named after."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.base import BaseHTTPMiddleware

import fastapi_app.app
import fastapi_app.variants
import flask_app.app
import flask_app.orders
import flask_app.pydantic_orders
from fastapi_app.config import VARIANTS, load_settings
from fastapi_app.transport import create_transport

App = Callable[[str], FastAPI]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    def create(variant: str) -> FastAPI:
        monkeypatch.setenv("VARIANT", variant)
        return fastapi_app.app.create_app()

    return create


def asked(app: FastAPI, ask: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
        ):
            await ask(client)

    asyncio.run(run())


@pytest.mark.parametrize(("variant", "order"), [("plain", ["health", "process"]), ("sleep", ["process", "health"])])
def test_only_a_sleep_on_the_event_loop_holds_up_others(variant: str, order: list[str], app: App) -> None:
    ended = []

    async def ask(client: httpx.AsyncClient) -> None:
        async def one(path: str) -> None:
            assert (await client.get(path)).status_code == 200
            ended.append(path[1:].partition("?")[0])

        await asyncio.gather(one("/process?delay_ms=200"), one("/health"))

    asked(app(variant), ask)
    assert ended == order


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_a_plain_dependency_is_run_in_another_thread(
    variant: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    monkeypatch.setattr(fastapi_app.variants, "do_nothing", lambda: threads.append(threading.get_ident()))

    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/health")).status_code == 200

    asked(app(variant), ask)
    assert len(threads) == (1 if variant == "dependency" else 0)
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_one_variant_has_a_middleware(variant: str, app: App) -> None:
    found: list[object] = [one.cls for one in app(variant).user_middleware]
    assert found == ([BaseHTTPMiddleware] if variant == "middleware" else [])


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_dicts_and_responses_have_no_response_model(variant: str, app: App) -> None:
    routes = (one for one in app(variant).routes if isinstance(one, APIRoute))
    first = next(one for one in routes if one.path == "/orders")
    assert (first.response_field is None) == (variant in {"dict", "response"})


@pytest.mark.parametrize(
    ("client", "limits"),
    [("httpx", (3000, 3000, 60.0)), ("httpx-default", (100, 20, 5.0)), ("httpx-kept", (100, 100, 5.0))],
)
def test_httpx_has_the_limits_of_its_client(client: str, limits: tuple[int, int, float]) -> None:
    transport = create_transport(load_settings({"UPSTREAM_CLIENT": client}))
    assert isinstance(transport, httpx.AsyncHTTPTransport)
    pool = transport._pool
    assert (pool._max_connections, pool._max_keepalive_connections, pool._keepalive_expiry) == limits


@pytest.mark.parametrize(
    ("variant", "receipt"), [("plain", flask_app.orders.receipt), ("pydantic", flask_app.pydantic_orders.receipt)]
)
def test_flask_validates_by_hand_or_by_pydantic(
    variant: str, receipt: Callable[[object], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANT", variant)
    assert flask_app.app.create_app().extensions["receipt"] is receipt
