"""GET /aggregated-data: three calls to the upstream, in parallel or in sequence."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from flask import Blueprint, current_app

from flask_app.bodies import each, integer, parse, record, text
from flask_app.parameters import integer_between, once, parameter, valid

# Not imported at run time: it is one of several clients.
if TYPE_CHECKING:
    from flask_app.upstream import Upstream

routes = Blueprint("aggregate", __name__)

USER_ID = "an integer from 0 to 9999999"
STRATEGY = "parallel or sequential"
read_user_id = partial(integer_between, low=0, high=9_999_999)


class Strategy(StrEnum):
    """How the three calls are made: all at the same time, or one after the other."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


class User(TypedDict):
    """A user, as the upstream describes one."""

    id: int
    name: str


class Order(TypedDict):
    """One of a user's orders."""

    id: int
    item: str
    quantity: int


class Review(TypedDict):
    """One of a user's reviews."""

    id: int
    stars: int
    text: str


class Aggregate(TypedDict):
    """The answer of /aggregated-data."""

    user: User
    orders: list[Order]
    reviews: list[Review]


def read_user(body: bytes) -> User:
    """The user in the upstream's answer; ValueError if the answer makes no sense."""
    user = record(parse(body))
    return {"id": integer(user.get("id")), "name": text(user.get("name"))}


def read_orders(body: bytes) -> list[Order]:
    """The orders in the upstream's answer; ValueError if the answer makes no sense."""
    return each(_read_order, parse(body))


def read_reviews(body: bytes) -> list[Review]:
    """The reviews in the upstream's answer; ValueError if the answer makes no sense."""
    return each(_read_review, parse(body))


def fetch_user(upstream: "Upstream", user_id: int) -> User:
    """The user with this id."""
    return upstream.get(f"/users/{user_id}", read_user)


def fetch_orders(upstream: "Upstream", user_id: int) -> list[Order]:
    """The user's orders."""
    return upstream.get(f"/orders?user_id={user_id}", read_orders)


def fetch_reviews(upstream: "Upstream", user_id: int) -> list[Review]:
    """The user's reviews."""
    return upstream.get(f"/reviews?user_id={user_id}", read_reviews)


def fetch_sequentially(upstream: "Upstream", user_id: int) -> Aggregate:
    """User, orders and reviews, fetched in that order; the first Problem ends it."""
    return {
        "user": fetch_user(upstream, user_id),
        "orders": fetch_orders(upstream, user_id),
        "reviews": fetch_reviews(upstream, user_id),
    }


def fetch_in_parallel(upstream: "Upstream", threads: ThreadPoolExecutor, user_id: int) -> Aggregate:
    """User, orders and reviews, fetched at the same time; if several calls fail, the first in that order is raised."""
    user = threads.submit(fetch_user, upstream, user_id)
    orders = threads.submit(fetch_orders, upstream, user_id)
    reviews = threads.submit(fetch_reviews, upstream, user_id)
    calls: tuple[Future[Any], ...] = (user, orders, reviews)
    # Wait for all three: no call outlives its request, and the Problem raised does not depend on which came first.
    wait(calls)
    return {"user": user.result(), "orders": orders.result(), "reviews": reviews.result()}


@routes.get("/aggregated-data/<user_id>")
def aggregated_data(user_id: str) -> Aggregate:
    """A user with orders and reviews."""
    once("strategy")
    number = valid("user_id", read_user_id, USER_ID, user_id)
    strategy = parameter("strategy", Strategy, STRATEGY, default=Strategy.PARALLEL)
    extensions = current_app.extensions
    if strategy is Strategy.PARALLEL:
        return fetch_in_parallel(extensions["upstream"], extensions["threads"], number)
    return fetch_sequentially(extensions["upstream"], number)


def _read_order(value: object) -> Order:
    order = record(value)
    return {
        "id": integer(order.get("id")),
        "item": text(order.get("item")),
        "quantity": integer(order.get("quantity")),
    }


def _read_review(value: object) -> Review:
    review = record(value)
    return {
        "id": integer(review.get("id")),
        "stars": integer(review.get("stars")),
        "text": text(review.get("text")),
    }
