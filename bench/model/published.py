"""Figures that somebody published, as far as they are printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Picked = Literal["mean", "median", "best"]

MEASURED = ("rps", "min_s", "mean_s", "p50_s", "p95_s", "p99_s", "max_s", "sd_s", "cpu_percent", "cpu_s")
"""What is measured, and so rounded: answers per second, latencies in seconds, CPU in per cent of one core, CPU seconds
of a request."""

GIVEN = ("users", "connections", "slots", "wait_s", "cores", "duration_s")
"""What somebody has set: users and connections, requests that the server can hold at once, the seconds that each of
them is held at least, cores of the server, seconds of the run."""


@dataclass(frozen=True, slots=True)
class Span:
    """The values that a printed figure may stand for, both ends included."""

    low: float
    high: float


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
