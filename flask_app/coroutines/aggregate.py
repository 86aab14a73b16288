"""GET /aggregated-data in a coroutine."""

import asyncio

from flask import Blueprint, current_app

from flask_app.aggregate import (
    STRATEGY,
    USER_ID,
    Aggregate,
    Order,
    Review,
    Strategy,
    User,
    read_orders,
    read_reviews,
    read_user,
    read_user_id,
)
from flask_app.coroutines.upstream import Upstream
from flask_app.parameters import once, parameter, valid

routes = Blueprint("aggregate", __name__)


async def fetch_user(upstream: Upstream, user_id: int) -> User:
    """The user with this id."""
    return await upstream.get(f"/users/{user_id}", read_user)


async def fetch_orders(upstream: Upstream, user_id: int) -> list[Order]:
    """The user's orders."""
    return await upstream.get(f"/orders?user_id={user_id}", read_orders)


async def fetch_reviews(upstream: Upstream, user_id: int) -> list[Review]:
    """The user's reviews."""
    return await upstream.get(f"/reviews?user_id={user_id}", read_reviews)


async def fetch_sequentially(upstream: Upstream, user_id: int) -> Aggregate:
    """User, orders and reviews, fetched in that order; the first Problem ends it."""
    return {
        "user": await fetch_user(upstream, user_id),
        "orders": await fetch_orders(upstream, user_id),
        "reviews": await fetch_reviews(upstream, user_id),
    }


async def fetch_in_parallel(upstream: Upstream, user_id: int) -> Aggregate:
    """User, orders and reviews, fetched at the same time; if several calls fail, the first in that order is raised."""
    user = asyncio.ensure_future(fetch_user(upstream, user_id))
    orders = asyncio.ensure_future(fetch_orders(upstream, user_id))
    reviews = asyncio.ensure_future(fetch_reviews(upstream, user_id))
    # Wait for all three: no call outlives its request, and the Problem raised does not depend on which came first.
    await asyncio.gather(user, orders, reviews, return_exceptions=True)
    return {"user": user.result(), "orders": orders.result(), "reviews": reviews.result()}


@routes.get("/aggregated-data/<user_id>")
async def aggregated_data(user_id: str) -> Aggregate:
    """A user with orders and reviews."""
    once("strategy")
    number = valid("user_id", read_user_id, USER_ID, user_id)
    strategy = parameter("strategy", Strategy, STRATEGY, default=Strategy.PARALLEL)
    upstream: Upstream = current_app.extensions["upstream"]
    if strategy is Strategy.PARALLEL:
        return await fetch_in_parallel(upstream, number)
    return await fetch_sequentially(upstream, number)
