"""The service with one thing done in another way, which articles warn of or leave open. VARIANT names the way."""

import time
from collections.abc import Iterable, Sequence

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from fastapi_app.documents import DocumentRoute
from fastapi_app.orders import Order, Orders
from fastapi_app.parameters import once
from fastapi_app.waiting import DelayMs, Processed

sleep, dicts, responses = APIRouter(), APIRouter(route_class=DocumentRoute), APIRouter(route_class=DocumentRoute)


@sleep.get("/process", dependencies=[once("delay_ms")])
async def process(delay_ms: DelayMs = 100) -> Processed:
    """The delay, after `delay_ms` milliseconds in which the event loop stands still."""
    time.sleep(delay_ms / 1000)
    return Processed(status="done", delay_ms=delay_ms)


@dicts.post("/orders", status_code=201, response_model=None)
async def create_orders(orders: Orders) -> dict[str, int]:
    """A dict that FastAPI does not validate."""
    return _receipt(orders)


@responses.post("/orders", status_code=201)
async def create_orders_in_response(orders: Orders) -> JSONResponse:
    """A response that FastAPI only sends."""
    return JSONResponse(_receipt(orders), 201)


def _receipt(orders: list[Order]) -> dict[str, int]:
    return {"count": len(orders), "total_cents": sum(one.quantity * one.unit_price_cents for one in orders)}


async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """A middleware that does nothing."""
    return await call_next(request)


def do_nothing() -> None:
    """A dependency that does nothing: FastAPI runs it in a thread, because it is no coroutine."""


def routes_of(variant: str, routes: Iterable[APIRoute]) -> list[APIRoute]:
    """The routes of this variant, in the order of `routes`: a later place would take longer to find."""
    if variant == "dependency":
        return [_depending(route) for route in routes]
    changed: dict[str, APIRouter] = {"sleep": sleep, "dict": dicts, "response": responses}
    own = changed[variant].routes if variant in changed else ()
    others = {route.path: route for route in own if isinstance(route, APIRoute)}
    return [others.get(route.path, route) for route in routes]


def middleware_of(variant: str) -> Sequence[Middleware]:
    """The middleware of this variant."""
    return [Middleware(BaseHTTPMiddleware, dispatch=pass_on)] if variant == "middleware" else []


def _depending(route: APIRoute) -> APIRoute:
    return type(route)(
        route.path,
        route.endpoint,
        methods=route.methods,
        status_code=route.status_code,
        response_model=route.response_model,
        dependencies=[*route.dependencies, Depends(do_nothing)],
    )
