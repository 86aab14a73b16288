"""POST /orders: 100 orders."""

from loadtests.orders import Orders


class HundredOrders(Orders):
    """Sends 100 orders."""

    count = 100
