"""A clock that only sleep moves, a target that is never used, and a request."""

from loadtests.engine.client import Client
from loadtests.engine.draws import Drawn
from loadtests.engine.recording import Sent
from loadtests.engine.requests import Request
from loadtests.engine.templates import Template

DRAWN: Drawn = (Request("plain", "GET", Template(("/",)), accepts=bool, right_body="any", check="bool"), {})


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

    def draw(self) -> Drawn:
        raise AssertionError

    def send(self, client: Client, scheduled_s: float, drawn: Drawn) -> Sent:
        raise AssertionError(client, scheduled_s, drawn)

    def report(self, request: Request, status: int, latency_s: float, size: int) -> None:
        raise AssertionError(request, status, latency_s, size)
