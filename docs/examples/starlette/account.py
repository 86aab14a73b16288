"""A Starlette app in one file: GET /accounts/USER makes two upstream calls in parallel.

    UPSTREAM_URL=http://127.0.0.1:9000 CONNECTIONS=100 uvicorn account:app

Without the harness the upstream is `UPSTREAM_TOKEN=secret python -m upstream`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

import httpx
from httpx_aiohttp import HttpxAiohttpClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

UPSTREAM_URL = os.environ["UPSTREAM_URL"]
CONNECTIONS = int(os.environ["CONNECTIONS"])
TIMEOUT_S = 10.0
KEEPALIVE_S = 60.0


class State(TypedDict):
    """The state that all requests share."""

    client: httpx.AsyncClient


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[State]:
    """One client for the life of the process: the API of httpx on the connections of aiohttp."""
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEEPALIVE_S
    )
    async with HttpxAiohttpClient(base_url=UPSTREAM_URL, limits=limits, timeout=TIMEOUT_S, trust_env=False) as client:
        yield {"client": client}


async def account(request: Request) -> JSONResponse:
    """The name of a user and the stars of their reviews; 502 if the upstream fails."""
    client, user = request.state.client, request.path_params["user"]
    try:
        person, reviews = await asyncio.gather(
            client.get(f"/users/{user}"), client.get("/reviews", params={"user_id": user})
        )
        person.raise_for_status()
        reviews.raise_for_status()
    except httpx.HTTPError:
        return JSONResponse({"detail": "the upstream failed"}, status_code=502)
    return JSONResponse({"name": person.json()["name"], "stars": [review["stars"] for review in reviews.json()]})


app = Starlette(routes=[Route("/accounts/{user:int}", account)], lifespan=lifespan)
