"""POST /orders: 1 to 1,000 orders, validated by Pydantic; nothing else is done with them."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Body
from pydantic import BeforeValidator, ConfigDict, FailFast, Field

from fastapi_app.bodies import Record
from fastapi_app.documents import DocumentRoute

router = APIRouter(route_class=DocumentRoute)


class Receipt(Record):
    """The answer of /orders."""

    count: int
    total_cents: int


class Customer(Record):
    """Who ordered."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, description="a text of 1 to 100 characters")]
    email: Annotated[
        str,
        Field(
            pattern=r"^[!-?A-~]+@[!-?A-~]+$",
            max_length=254,
            description="an address with one @, of at most 254 printable ASCII characters",
        ),
    ]


Tag = Annotated[str, Field(min_length=1, max_length=20)]


class Order(Record):
    """One order."""

    model_config = ConfigDict(extra="forbid")

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


_MOST_ORDERS = 1000


def _few_enough(document: object) -> object:
    """`document`; ValueError if it has too many items, which Pydantic would notice after a wrong one."""
    if isinstance(document, list) and len(document) > _MOST_ORDERS:
        raise ValueError(len(document))
    return document


Orders = Annotated[
    list[Order],
    Field(min_length=1),
    FailFast(),
    BeforeValidator(_few_enough),
    Body(description="a list of 1 to 1000 orders"),
]


def receipt(orders: list[Order]) -> Receipt:
    """How many orders there are, and what they cost."""
    return Receipt(count=len(orders), total_cents=sum(one.quantity * one.unit_price_cents for one in orders))


@router.post("/orders", status_code=201)
async def create_orders(orders: Orders) -> Receipt:
    """How many orders there are, and what they cost."""
    return receipt(orders)
