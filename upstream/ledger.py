"""What the upstream served: hits and how late each answer left, kept per path prefix and route."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Entry:
    """One prefix and route: requests that arrived, and for each answer sent the distance from its due time."""

    hits: int = 0
    delay_error_s: "array[float]" = field(default_factory=lambda: array("d"))


class Ledger:
    """Entries by (prefix, route). A request's number within its entry, from 0, chooses its delay."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def entry(self, prefix: str, route: str) -> Entry:
        """The entry of a prefix ("" for none) and route, new at its first request."""
        return self._entries.setdefault((prefix, route), Entry())

    def reset(self) -> None:
        """Forget everything: hits count from 0 again, and so does the delay sequence."""
        self._entries.clear()

    def report(self) -> dict[str, dict[str, dict[str, object]]]:
        """`{prefix: {route: {"hits", "delay_error_s": {"p50", "p99", "max"}}}}`.

        The error of an answer is |sent - due| in seconds. The percentiles are null where nothing was answered.
        """
        report: dict[str, dict[str, dict[str, object]]] = {}
        for (prefix, route), entry in self._entries.items():
            errors = sorted(entry.delay_error_s)
            report.setdefault(prefix, {})[route] = {
                "hits": entry.hits,
                "delay_error_s": {"p50": _rank(errors, 0.5), "p99": _rank(errors, 0.99), "max": _rank(errors, 1.0)},
            }
        return report


def _rank(ordered: Sequence[float], quantile: float) -> float | None:
    """The nearest-rank percentile: the smallest value that at least `quantile` of all values do not exceed."""
    return ordered[math.ceil(quantile * len(ordered)) - 1] if ordered else None
