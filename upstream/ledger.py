"""What the upstream served, by path prefix and route: hits, delay errors, and the most calls in flight."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Traffic:
    """The calls of one prefix that are in flight, and the most that ever were."""

    in_flight: int = 0
    peak_in_flight: int = 0

    def begin(self) -> None:
        """Counts a call that now waits for its answer."""
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def end(self) -> None:
        """Counts a call as over: it was answered, or its client left."""
        self.in_flight -= 1


@dataclass(slots=True)
class Entry:
    """The record of one prefix and route: requests that arrived, and for each answer |sent - due| in seconds."""

    traffic: Traffic
    hits: int = 0
    delay_error_s: "array[float]" = field(default_factory=lambda: array("d"))


class Ledger:
    """Entries by (prefix, route). A request's number within its entry, from 0, chooses its delay."""

    def __init__(self) -> None:
        self._traffic: dict[str, Traffic] = {}
        self._entries: dict[tuple[str, str], Entry] = {}

    def entry(self, prefix: str, route: str) -> Entry:
        """The entry of a prefix ("" for none) and route, created at the first request."""
        found = self._entries.get((prefix, route))
        if found is None:
            traffic = self._traffic.setdefault(prefix, Traffic())
            found = self._entries[prefix, route] = Entry(traffic)
        return found

    def reset(self) -> None:
        """Deletes every entry: hits and the delay sequence start from 0 again."""
        self._entries.clear()
        self._traffic.clear()

    def report(self) -> dict[str, dict[str, object]]:
        """`{prefix: {"peak_in_flight", "routes": {route: {"hits", "delay_error_s": {"p50", "p99", "max"}}}}}`.

        The delay error of an answer is |sent - due| in seconds; its percentiles are null if nothing was answered. The
        peak counts the calls of all routes together.
        """
        routes: dict[str, dict[str, object]] = {prefix: {} for prefix in self._traffic}
        for (prefix, route), entry in self._entries.items():
            errors = sorted(entry.delay_error_s)
            routes[prefix][route] = {
                "hits": entry.hits,
                "delay_error_s": {"p50": _rank(errors, 0.5), "p99": _rank(errors, 0.99), "max": _rank(errors, 1.0)},
            }
        return {
            prefix: {"peak_in_flight": traffic.peak_in_flight, "routes": routes[prefix]}
            for prefix, traffic in self._traffic.items()
        }


def _rank(ordered: Sequence[float], quantile: float) -> float | None:
    """The nearest-rank percentile: the smallest value that at least `quantile` of all values do not exceed."""
    return ordered[math.ceil(quantile * len(ordered)) - 1] if ordered else None
