"""POST /orders: 1 to 1,000 orders, validated by hand; nothing else is done with them."""

import re
from collections.abc import Callable
from typing import TypedDict, TypeVar

from flask import Blueprint, current_app

from flask_app.bodies import each, integer, number, record, text
from flask_app.documents import received
from flask_app.problems import Problem

routes = Blueprint("orders", __name__)

T = TypeVar("T")

MOST_ORDERS = 1000

_ORDERS = "a list of 1 to 1000 orders"
_ORDER = "an object with sku, quantity, unit_price_cents, weight_kg, customer, tags, gift, perhaps note, nothing else"
_SKU = "1 to 40 capital letters, digits and hyphens"
_QUANTITY = "an integer from 1 to 1000"
_PRICE = "an integer from 0 to 10000000"
_WEIGHT = "a number over 0 and at most 1000"
_CUSTOMER = "an object with name and email and nothing else"
_NAME = "a text of 1 to 100 characters"
_EMAIL = "an address with one @, of at most 254 printable ASCII characters"
_TAGS = "a list of at most 10 texts of 1 to 20 characters"
_GIFT = "true or false"
_NOTE = "a text of at most 200 characters, or null"

_SKU_PATTERN = re.compile(r"[A-Z0-9-]{1,40}")
_EMAIL_PATTERN = re.compile(r"[!-?A-~]+@[!-?A-~]+")


class Receipt(TypedDict):
    """The answer of /orders."""

    count: int
    total_cents: int


class Customer(TypedDict):
    """Who ordered."""

    name: str
    email: str


class Order(TypedDict):
    """One order."""

    sku: str
    quantity: int
    unit_price_cents: int
    weight_kg: int | float
    customer: Customer
    tags: list[str]
    gift: bool
    note: str | None


def receipt(document: object) -> Receipt:
    """How many orders are in `document`, and what they cost; Problem 422 for the first thing that is wrong."""
    orders = _read_orders(document)
    return {"count": len(orders), "total_cents": sum(one["quantity"] * one["unit_price_cents"] for one in orders)}


@routes.post("/orders")
def create_orders() -> tuple[Receipt, int]:
    """How many orders there are, and what they cost."""
    return current_app.extensions["receipt"](received()), 201


class _Refused(Exception):  # noqa: N818 - what happened to the order
    """Something of an order is wrong: the place in the order, as a JSON pointer, and what is allowed there."""

    def __init__(self, place: str, allowed: str) -> None:
        super().__init__(place, allowed)
        self.place = place
        self.allowed = allowed


def _read_orders(document: object) -> list[Order]:
    if type(document) is not list or not 1 <= len(document) <= MOST_ORDERS:
        raise Problem(422, f"# must be {_ORDERS}")
    found = []
    for place, value in enumerate(document):
        try:
            found.append(_read_order(value))
        except _Refused as error:
            refused = _first(value, error)
            raise Problem(422, f"#/{place}{refused.place} must be {refused.allowed}") from error
    return found


def _first(order: object, refused: _Refused) -> _Refused:
    """What is told of a refused order: in each object a name that UTF-8 cannot encode comes first."""
    if _garbled(order):
        return _Refused("", _ORDER)
    if refused.place.startswith("/customer") and _garbled(record(order).get("customer")):
        return _Refused("/customer", _CUSTOMER)
    return refused


def _garbled(value: object) -> bool:
    """Whether it is an object with a name that UTF-8 cannot encode."""
    try:
        each(text, list(value) if type(value) is dict else [])
    except ValueError:
        return True
    return False


def _read_order(value: object) -> Order:
    given = _read("", record, value, _ORDER)
    found: Order = {
        "sku": _read("/sku", _read_sku, given.get("sku"), _SKU),
        "quantity": _read("/quantity", _read_quantity, given.get("quantity"), _QUANTITY),
        "unit_price_cents": _read("/unit_price_cents", _read_price, given.get("unit_price_cents"), _PRICE),
        "weight_kg": _read("/weight_kg", _read_weight, given.get("weight_kg"), _WEIGHT),
        "customer": _read_customer(given.get("customer")),
        "tags": _read("/tags", _read_tags, given.get("tags"), _TAGS),
        "gift": _read("/gift", _read_gift, given.get("gift"), _GIFT),
        "note": _read("/note", _read_note, given.get("note"), _NOTE),
    }
    # All names but "note" are there now.
    if len(given) > len(found) - ("note" not in given):
        raise _Refused("", _ORDER)
    return found


def _read_customer(value: object) -> Customer:
    given = _read("/customer", record, value, _CUSTOMER)
    found: Customer = {
        "name": _read("/customer/name", _read_name, given.get("name"), _NAME),
        "email": _read("/customer/email", _read_email, given.get("email"), _EMAIL),
    }
    if len(given) > len(found):
        raise _Refused("/customer", _CUSTOMER)
    return found


def _read(place: str, read: Callable[[object], T], value: object, allowed: str) -> T:
    """`value` as `read` returns it; _Refused if that raises ValueError. No value is None, which only a note may be."""
    try:
        return read(value)
    except ValueError:
        raise _Refused(place, allowed) from None


def _read_sku(value: object) -> str:
    return _matching(_SKU_PATTERN, text(value))


def _read_quantity(value: object) -> int:
    return _between(integer(value), 1, 1000)


def _read_price(value: object) -> int:
    return _between(integer(value), 0, 10_000_000)


def _read_weight(value: object) -> int | float:
    weight_kg = number(value)
    if not 0 < weight_kg <= 1000:
        raise ValueError(value)
    return weight_kg


def _read_name(value: object) -> str:
    return _as_long(text(value), 1, 100)


def _read_email(value: object) -> str:
    return _as_long(_matching(_EMAIL_PATTERN, text(value)), 3, 254)


def _read_tags(value: object) -> list[str]:
    found = each(_read_tag, value)
    if len(found) > 10:
        raise ValueError(value)
    return found


def _read_tag(value: object) -> str:
    return _as_long(text(value), 1, 20)


def _read_gift(value: object) -> bool:
    if type(value) is not bool:
        raise ValueError(value)
    return value


def _read_note(value: object) -> str | None:
    return None if value is None else _as_long(text(value), 0, 200)


def _matching(pattern: re.Pattern[str], value: str) -> str:
    if pattern.fullmatch(value) is None:
        raise ValueError(value)
    return value


def _between(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _as_long(value: str, low: int, high: int) -> str:
    if not low <= len(value) <= high:
        raise ValueError(value)
    return value
