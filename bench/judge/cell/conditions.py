"""What one cell was measured under, as far as its judgement depends on it."""

from dataclasses import dataclass

from bench.model.config import Load, Scenario, Stack


@dataclass(frozen=True, slots=True)
class Conditions:
    """A stack under a scenario and load; `server_cpus` and `load_cpus` count the cores of either side."""

    stack: Stack
    scenario: Scenario
    load: Load
    server_cpus: int
    load_cpus: int
