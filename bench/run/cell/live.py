"""Live figures of the cell that is being measured, from the generator's reports once a second. They are not kept."""

from collections.abc import Mapping

from bench import units


class Live:
    """The rate of right answers since the last report, and the P95 of the latest answers."""

    def __init__(self) -> None:
        self._t_s: float | None = None
        self._right = 0

    def since_last(self, report: Mapping[str, float]) -> str:
        """`940/s, P95 104 ms`, and failures where there are any; empty for the first report, which has no rate yet."""
        before_s, before = self._t_s, self._right
        self._t_s, self._right = report["t_s"], int(report["done"] - report["failed"])
        if before_s is None or self._t_s <= before_s:
            return ""
        rate = units.rate((self._right - before) / (self._t_s - before_s))
        failed = f", {units.count(int(report['failed']))} failed" if report["failed"] else ""
        return f"{rate}, P95 {units.seconds(report['p95_s'])}{failed}"
