"""Tasks with weights, a pause between them, a login in on_start, and a name that groups requests."""

from locust import HttpUser, between, task


class Visitor(HttpUser):
    """Somebody who looks at many things and buys few."""

    host = "http://nobody.invalid"
    wait_time = between(0.01, 0.05)

    def on_start(self) -> None:
        """Log in once."""
        self.client.post("/login", json={"user": "ann"})

    @task(3)
    def look(self) -> None:
        """One of many items, under one name."""
        for number in range(3):
            self.client.get(f"/item?id={number}", name="/item")

    @task
    def buy(self) -> None:
        """A request with a body."""
        self.client.post("/buy", data={"id": "1"})
