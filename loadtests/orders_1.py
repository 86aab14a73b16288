"""POST /orders: one order."""

from loadtests.orders import Orders


class OneOrder(Orders):
    """Sends one order."""

    count = 1
