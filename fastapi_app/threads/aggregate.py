"""GET /aggregated-data in a plain function."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from fastapi import APIRouter, Request

from fastapi_app.aggregate import (
    Aggregate,
    Order,
    Review,
    Strategy,
    StrategyName,
    User,
    UserId,
    read_orders,
    read_reviews,
    read_user,
)
from fastapi_app.parameters import once
from fastapi_app.threads.upstream import Upstream

router = APIRouter()


def fetch_user(upstream: Upstream, user_id: int) -> User:
    """The user with this id."""
    return upstream.get(f"/users/{user_id}", read_user)


def fetch_orders(upstream: Upstream, user_id: int) -> list[Order]:
    """The user's orders."""
    return upstream.get(f"/orders?user_id={user_id}", read_orders)


def fetch_reviews(upstream: Upstream, user_id: int) -> list[Review]:
    """The user's reviews."""
    return upstream.get(f"/reviews?user_id={user_id}", read_reviews)


def fetch_sequentially(upstream: Upstream, user_id: int) -> Aggregate:
    """User, orders and reviews, fetched in that order; the first Problem ends it."""
    return Aggregate(
        user=fetch_user(upstream, user_id),
        orders=fetch_orders(upstream, user_id),
        reviews=fetch_reviews(upstream, user_id),
    )


def fetch_in_parallel(upstream: Upstream, threads: ThreadPoolExecutor, user_id: int) -> Aggregate:
    """User, orders and reviews, fetched at the same time; if several calls fail, the first in that order is raised."""
    user = threads.submit(fetch_user, upstream, user_id)
    orders = threads.submit(fetch_orders, upstream, user_id)
    reviews = threads.submit(fetch_reviews, upstream, user_id)
    calls: tuple[Future[Any], ...] = (user, orders, reviews)
    # Wait for all three: no call outlives its request, and the Problem raised does not depend on which came first.
    wait(calls)
    return Aggregate(user=user.result(), orders=orders.result(), reviews=reviews.result())


@router.get("/aggregated-data/{user_id}", dependencies=[once("strategy")])
def aggregated_data(request: Request, user_id: UserId, strategy: StrategyName = Strategy.PARALLEL) -> Aggregate:
    """A user with orders and reviews."""
    state = request.app.state
    if strategy is Strategy.PARALLEL:
        return fetch_in_parallel(state.upstream, state.threads, user_id)
    return fetch_sequentially(state.upstream, user_id)
