"""POST /orders: what every number of orders shares."""

import json
from typing import Any, ClassVar

from loadtests.engine.user import ScenarioUser


def order(number: int) -> dict[str, Any]:
    """One of the orders; all are about as long, and every fourth has a note."""
    return {
        "sku": f"CUP-{number:04}",
        "quantity": 1 + number % 9,
        "unit_price_cents": 995 + number,
        "weight_kg": 0.35,
        "customer": {"name": "Zoë Example", "email": f"zoe{number}@example.org"},
        "tags": ["new", "blue"],
        "gift": number % 2 == 0,
        **({"note": "please ring twice"} if number % 4 == 0 else {}),
    }


class Orders(ScenarioUser):
    """Sends `count` orders; every request has the same body."""

    abstract = True
    method = "POST"
    path = "/orders"
    headers: ClassVar = {"Content-Type": "application/json"}
    status = 201
    count: ClassVar[int]
    receipt: ClassVar[dict[str, int]]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        orders = [order(number) for number in range(cls.count)]
        cls.body = json.dumps(orders).encode()
        cls.receipt = {
            "count": cls.count,
            "total_cents": sum(one["quantity"] * one["unit_price_cents"] for one in orders),
        }

    @classmethod
    def accepts(cls, body: bytes) -> bool:
        """How many orders there are, and what they cost."""
        return bool(json.loads(body) == cls.receipt)
