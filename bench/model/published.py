"""Figures that somebody published, as far as they are printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Picked = Literal["mean", "median", "best"]

MEASURED = ("rps", "min_s", "mean_s", "p50_s", "p95_s", "p99_s", "max_s", "sd_s", "cpu_percent", "cpu_s", "duration_s")
"""What is measured, and so rounded: answers per second, latencies in seconds, CPU in per cent of one core, CPU seconds
of a request, seconds of the run."""

GIVEN = ("users", "connections", "slots", "wait_s", "cores")
"""What somebody has set: users and connections, requests that the server can hold at once, the seconds that each of
them is held at least, cores of the server."""


@dataclass(frozen=True, slots=True)
class Span:
    """The values that a printed figure may stand for, both ends included; `text`: the figure as it is printed."""

    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """A row of published figures: what it is called, where it stands, the figures by name, and how they were taken.

    `runs`: how many; `picked`: which of them is printed; `spread`: whether their spread is printed; `keep_alive`:
    whether connections are kept; None where that is not said.
    """

    name: str
    source: str
    figures: Mapping[str, Span]
    runs: int | None = None
    picked: Picked | None = None
    spread: bool | None = None
    keep_alive: bool | None = None

    @property
    def joined(self) -> bool:
        """Whether the figures may be of several runs, so that one of them need not belong to another."""
        return self.picked is not None or (self.runs or 1) > 1
