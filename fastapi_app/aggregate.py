"""GET /aggregated-data: three calls to the upstream, in parallel or in sequence."""

import asyncio
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BeforeValidator, TypeAdapter

from fastapi_app.bodies import Record, Text, parse
from fastapi_app.parameters import integer_between, once

# Not imported at run time: threads/ takes this module's types, and has a client of its own.
if TYPE_CHECKING:
    from fastapi_app.upstream import Upstream

router = APIRouter()


class Strategy(StrEnum):
    """How the three calls are made: all at the same time, or one after the other."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


UserId = Annotated[
    int,
    BeforeValidator(partial(integer_between, low=0, high=9_999_999)),
    Path(description="an integer from 0 to 9999999"),
]
StrategyName = Annotated[Strategy, Query(description="parallel or sequential")]


class User(Record):
    """A user, as the upstream describes one."""

    id: int
    name: Text


class Order(Record):
    """One of a user's orders."""

    id: int
    item: Text
    quantity: int


class Review(Record):
    """One of a user's reviews."""

    id: int
    stars: int
    text: Text


class Aggregate(Record):
    """The answer of /aggregated-data."""

    user: User
    orders: list[Order]
    reviews: list[Review]


_ORDERS = TypeAdapter(list[Order])
_REVIEWS = TypeAdapter(list[Review])


def read_user(body: bytes) -> User:
    """The user in the upstream's answer; ValueError if the answer makes no sense."""
    return User.model_validate(parse(body))


def read_orders(body: bytes) -> list[Order]:
    """The orders in the upstream's answer; ValueError if the answer makes no sense."""
    return _ORDERS.validate_python(parse(body), strict=True)


def read_reviews(body: bytes) -> list[Review]:
    """The reviews in the upstream's answer; ValueError if the answer makes no sense."""
    return _REVIEWS.validate_python(parse(body), strict=True)


async def fetch_user(upstream: "Upstream", user_id: int) -> User:
    """The user with this id."""
    return await upstream.get(f"/users/{user_id}", read_user)


async def fetch_orders(upstream: "Upstream", user_id: int) -> list[Order]:
    """The user's orders."""
    return await upstream.get(f"/orders?user_id={user_id}", read_orders)


async def fetch_reviews(upstream: "Upstream", user_id: int) -> list[Review]:
    """The user's reviews."""
    return await upstream.get(f"/reviews?user_id={user_id}", read_reviews)


async def fetch_sequentially(upstream: "Upstream", user_id: int) -> Aggregate:
    """User, orders and reviews, fetched in that order; the first Problem ends it."""
    return Aggregate(
        user=await fetch_user(upstream, user_id),
        orders=await fetch_orders(upstream, user_id),
        reviews=await fetch_reviews(upstream, user_id),
    )


async def fetch_in_parallel(upstream: "Upstream", user_id: int) -> Aggregate:
    """User, orders and reviews, fetched at the same time; if several calls fail, the first in that order is raised."""
    user = asyncio.ensure_future(fetch_user(upstream, user_id))
    orders = asyncio.ensure_future(fetch_orders(upstream, user_id))
    reviews = asyncio.ensure_future(fetch_reviews(upstream, user_id))
    # Wait for all three: no call outlives its request, and the Problem raised does not depend on which came first.
    await asyncio.gather(user, orders, reviews, return_exceptions=True)
    return Aggregate(user=user.result(), orders=orders.result(), reviews=reviews.result())


@router.get("/aggregated-data/{user_id}", dependencies=[once("strategy")])
async def aggregated_data(request: Request, user_id: UserId, strategy: StrategyName = Strategy.PARALLEL) -> Aggregate:
    """A user with orders and reviews."""
    upstream: Upstream = request.app.state.upstream
    if strategy is Strategy.PARALLEL:
        return await fetch_in_parallel(upstream, user_id)
    return await fetch_sequentially(upstream, user_id)
