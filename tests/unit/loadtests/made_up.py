"""A clock that only sleep moves, and a target that is never used."""

from loadtests.engine.client import Client
from loadtests.engine.recording import Sent


class World:
    """Time that passes only in sleep; a sleep may stall."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self.stall: tuple[float, float] | None = None

    def stalled(self, at_s: float, for_s: float) -> "World":
        """The same world, with one stall of `for_s` once its clock reaches `at_s`."""
        self.stall = at_s, for_s
        return self

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept_s.append(seconds)
        self.now_s += seconds
        if self.stall is not None and self.now_s >= self.stall[0]:
            self.now_s += self.stall[1]
            self.stall = None


class Unused:
    """A target that fails the test that uses it."""

    def connect(self) -> Client:
        raise AssertionError

    def send(self, client: Client, scheduled_s: float) -> Sent:
        raise AssertionError(client, scheduled_s)

    def report(self, status: int, latency_s: float, size: int) -> None:
        raise AssertionError(status, latency_s, size)
