"""A clock and an asker that the tests lead by hand."""

from loadtests.engine.client import Client


class World:
    """Time that passes only in sleep, which may be stalled."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self.stall: tuple[float, float] | None = None

    def stalled(self, at_s: float, for_s: float) -> "World":
        """The same world, which stands still once its clock has reached `at_s`."""
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


class NeverAsks:
    """Tells nobody, and is never to be asked."""

    def connect(self) -> Client:
        raise AssertionError

    def ask_once(self, client: Client, scheduled_s: float) -> tuple[float, float, int, int]:
        raise AssertionError(client, scheduled_s)

    def tell(self, status: int, latency_s: float, size: int) -> None:
        raise AssertionError(status, latency_s, size)
