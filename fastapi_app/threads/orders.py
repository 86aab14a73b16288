"""POST /orders in a plain function."""

from fastapi import APIRouter

from fastapi_app.documents import DocumentRoute
from fastapi_app.orders import Orders, Receipt, receipt

router = APIRouter(route_class=DocumentRoute)


@router.post("/orders", status_code=201)
def create_orders(orders: Orders) -> Receipt:
    """How many orders there are, and what they cost."""
    return receipt(orders)
