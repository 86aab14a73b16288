"""A latency objective as people write it, and the one of a scenario that has none."""

import re
from typing import cast

from bench.model.config import Objective, Percentile, Scenario

LONGEST_S = 3600.0
VALID = "p50, p95 or p99, a colon and a time, such as p95:200ms or p99:1.5s"

HOLDS = 2.0
ABOVE_HOLD_S = 0.1
"""The default limit: twice what a request waits for, and this much more than it at least. Just above the wait, the
services' own garbage collection would decide."""


def objective(text: str) -> Objective:
    """The objective that a text names. ValueError, saying what to write, where it names none."""
    found = re.fullmatch(r"(p50|p95|p99):([0-9]+(?:\.[0-9]+)?)(ms|s)", text.strip().lower())
    limit_s = float(found[2]) / (1000 if found[3] == "ms" else 1) if found else 0.0
    if found is None or not 0 < limit_s <= LONGEST_S:
        raise ValueError(f"{text!r}: write {VALID}")
    return Objective(cast("Percentile", found[1]), limit_s)


def default_objective(scenario: Scenario) -> Objective:
    """P95 within twice the time that a request of the scenario waits for."""
    return Objective("p95", max(HOLDS * scenario.hold_s, scenario.hold_s + ABOVE_HOLD_S))
