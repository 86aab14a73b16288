"""Two kinds of users, one of them in a fixed number."""

from locust import FastHttpUser, HttpUser, constant_pacing, constant_throughput, task


class Many(FastHttpUser):
    """Most of them."""

    weight = 3
    wait_time = constant_throughput(20)

    @task
    def look(self) -> None:
        """Look at something."""
        self.client.get("/item?id=4", name="/item")


class Admin(HttpUser):
    """One of them."""

    fixed_count = 1
    wait_time = constant_pacing(0.1)

    @task
    def report(self) -> None:
        """Look at a report."""
        self.client.get("/report")
