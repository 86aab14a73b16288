"""FastHttpUser, whose answers are checked: what the file calls a failure is one, whatever the status."""

from locust import FastHttpUser, task


class Checker(FastHttpUser):
    """Checks each answer."""

    @task
    def wrong(self) -> None:
        """An answer of status 200 that is wrong for the file."""
        with self.client.get("/item?id=1", name="wrong", catch_response=True) as answer:
            if "nonsense" not in (answer.text or ""):
                answer.failure("no nonsense")

    @task(5)
    def missing(self) -> None:
        """An answer of status 404 that is right for the file."""
        with self.client.get("/absent", catch_response=True) as answer:
            if answer.status_code == 404:
                answer.success()

    @task
    def gone(self) -> None:
        """An answer of status 410, which nobody expects."""
        self.client.get("/gone")
