"""POST /orders: 1,000 orders."""

from loadtests.orders import Orders


class ThousandOrders(Orders):
    """Sends 1,000 orders."""

    count = 1000
