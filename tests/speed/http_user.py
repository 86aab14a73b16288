"""A locustfile with Locust's own HttpUser, which asks as the lean user does."""

from locust import HttpUser, task


class Usual(HttpUser):
    """Asks again as soon as it has an answer."""

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/weather/X")
