"""Task sets within task sets, and tasks in a fixed order."""

from locust import HttpUser, SequentialTaskSet, TaskSet, constant, task


class Checkout(SequentialTaskSet):
    """First the basket, then the payment."""

    @task
    def basket(self) -> None:
        """The first step."""
        self.client.get("/basket")

    @task
    def pay(self) -> None:
        """The last step."""
        self.client.post("/pay")
        self.interrupt()


class Browse(TaskSet):
    """Look around, and now and then check out."""

    tasks = {Checkout: 1}

    @task(2)
    def look(self) -> None:
        """Look at something."""
        self.client.get("/item?id=2", name="/item")


class Shopper(HttpUser):
    """Browses."""

    wait_time = constant(0.01)
    tasks = [Browse]
