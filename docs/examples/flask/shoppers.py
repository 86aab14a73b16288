"""A locustfile as any user of Locust writes one. By hand: `locust -f shoppers.py --host http://127.0.0.1:5000`."""

from locust import HttpUser, between, task


class Shopper(HttpUser):
    """Fills a basket, and looks at it now and then."""

    wait_time = between(0.05, 0.15)

    def on_start(self) -> None:
        """The first item; the client keeps the cookie."""
        self.client.post("/basket", data={"item": "bread"})

    @task(3)
    def add(self) -> None:
        """One more item."""
        self.client.post("/basket", data={"item": "tea"})

    @task
    def look(self) -> None:
        """The basket must have what was put into it."""
        with self.client.get("/basket", catch_response=True) as answer:
            if "bread" not in answer.text and "tea" not in answer.text:
                answer.failure("the basket is empty")
