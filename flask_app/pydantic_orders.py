"""The orders of POST /orders, validated by Pydantic, as a Flask application does that wants the same as FastAPI."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, TypeAdapter, ValidationError

from flask_app.orders import MOST_ORDERS, Receipt
from flask_app.problems import Problem

Tag = Annotated[str, Field(min_length=1, max_length=20)]


class Strict(BaseModel):
    """A JSON object. Strict: a string is not a number, a bool is not an integer, and no other names are allowed."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Customer(Strict):
    """Who ordered."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="a text of 1 to 100 characters")]
    email: Annotated[
        str,
        Field(
            pattern=r"^[!-?A-~]+@[!-?A-~]+$",
            max_length=254,
            description="an address with one @, of at most 254 printable ASCII characters",
        ),
    ]


class Order(Strict):
    """One order."""

    ALLOWED: ClassVar[str] = (
        "an object with sku, quantity, unit_price_cents, weight_kg, customer, tags, gift, perhaps note, nothing else"
    )

    sku: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,40}$", description="1 to 40 capital letters, digits and hyphens")]
    quantity: Annotated[int, Field(ge=1, le=1000, description="an integer from 1 to 1000")]
    unit_price_cents: Annotated[int, Field(ge=0, le=10_000_000, description="an integer from 0 to 10000000")]
    weight_kg: Annotated[
        float, Field(gt=0, le=1000, allow_inf_nan=False, description="a number over 0 and at most 1000")
    ]
    customer: Annotated[Customer, Field(description="an object with name and email and nothing else")]
    tags: Annotated[list[Tag], Field(max_length=10, description="a list of at most 10 texts of 1 to 20 characters")]
    gift: Annotated[bool, Field(description="true or false")]
    note: Annotated[
        Annotated[str, Field(max_length=200)] | None,
        Field(description="a text of at most 200 characters, or null"),
    ] = None


def _few_enough(document: object) -> object:
    """`document`; ValueError if it has too many items, which Pydantic would notice after a wrong one."""
    if isinstance(document, list) and len(document) > MOST_ORDERS:
        raise ValueError(len(document))
    return document


_ORDERS = TypeAdapter(Annotated[list[Order], Field(min_length=1), FailFast(), BeforeValidator(_few_enough)])


def receipt(document: object) -> Receipt:
    """How many orders are in `document`, and what they cost; Problem 422 for the first thing that is wrong."""
    try:
        orders = _ORDERS.validate_python(document, strict=True)
    except ValidationError as error:
        raise Problem(422, _refusal(error.errors(include_url=False)[0]["loc"])) from error
    return {"count": len(orders), "total_cents": sum(one.quantity * one.unit_price_cents for one in orders)}


def _refusal(path: Sequence[int | str]) -> str:
    """`#/3/quantity must be an integer`: the innermost place on the path that is described, and its description."""
    if not path:
        return "# must be a list of 1 to 1000 orders"
    place, *names = path
    pointer, allowed, fields = f"#/{place}", Order.ALLOWED, Order.model_fields
    for name in names:
        field = fields.get(str(name))
        if field is None:
            break
        pointer, allowed = f"{pointer}/{name}", str(field.description)
        fields = Customer.model_fields if field.annotation is Customer else {}
    return f"{pointer} must be {allowed}"
