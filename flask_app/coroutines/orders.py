"""POST /orders in a coroutine."""

from flask import Blueprint, current_app

from flask_app.documents import received
from flask_app.orders import Receipt

routes = Blueprint("orders", __name__)


@routes.post("/orders")
async def create_orders() -> tuple[Receipt, int]:
    """How many orders there are, and what they cost."""
    return current_app.extensions["receipt"](received()), 201
