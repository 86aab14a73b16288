"""A locustfile with Locust's own FastHttpUser, which asks as the lean user does."""

from locust import FastHttpUser, task


class Fast(FastHttpUser):
    """Asks again as soon as it has an answer."""

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/weather/X")
