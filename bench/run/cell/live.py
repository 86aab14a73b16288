"""How a cell goes while it is measured, from what the load generator tells once a second; nothing of it is kept."""

from collections.abc import Mapping

from bench import units


class Live:
    """The rate since the last time it was told, and the P95 of the latest answers."""

    def __init__(self) -> None:
        self._t_s: float | None = None
        self._done = 0

    def since_last(self, told: Mapping[str, float]) -> str:
        """`940/s, P95 104 ms`, and failures where there are any; empty the first time, of which no rate is known."""
        before_s, before = self._t_s, self._done
        self._t_s, self._done = told["t_s"], int(told["done"])
        if before_s is None or self._t_s <= before_s:
            return ""
        rate = units.rate((self._done - before) / (self._t_s - before_s))
        failed = f", {units.count(int(told['failed']))} failed" if told["failed"] else ""
        return f"{rate}, P95 {units.seconds(told['p95_s'])}{failed}"
