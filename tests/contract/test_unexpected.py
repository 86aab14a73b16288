"""An unexpected exception is answered with 500 and a problem body, and is logged."""

import asyncio

import httpx
import pytest

import fastapi_app.app
import fastapi_app.compute
import fastapi_app.threads.compute
import flask_app.app
import flask_app.compute

PROBLEM = {
    "type": "about:blank",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "the service failed unexpectedly",
}


def explode(n: int) -> int:
    raise ArithmeticError(n)


def test_flask_answers_an_unexpected_exception_and_logs_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flask_app.compute, "burn", explode)
    answer = flask_app.app.create_app().test_client().get("/compute?n=1")
    assert (answer.status_code, answer.content_type, answer.json) == (500, "application/problem+json", PROBLEM)
    assert "ArithmeticError" in caplog.text


@pytest.mark.parametrize("client", ["httpx", "aiohttp", "requests"])
def test_fastapi_answers_an_unexpected_exception_and_lets_the_server_log_it(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPSTREAM_CLIENT", client)
    for module in (fastapi_app.compute, fastapi_app.threads.compute):
        monkeypatch.setattr(module, "burn", explode)

    async def ask(raising: bool) -> httpx.Response:
        transport = httpx.ASGITransport(fastapi_app.app.create_app(), raise_app_exceptions=raising)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as test_client:
            return await test_client.get("/compute?n=1")

    answer = asyncio.run(ask(raising=False))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json() == PROBLEM
    with pytest.raises(ArithmeticError):
        asyncio.run(ask(raising=True))
