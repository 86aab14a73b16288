"""What one cell was measured under, as far as its judgement depends on it."""

from dataclasses import dataclass

from bench.model.config import Load, Scenario, Stack


@dataclass(frozen=True, slots=True)
class Conditions:
    """A stack under a scenario and load; `server_cpus` and `load_cpus` count the cores of either side.

    `pinned`: the two sides have cores of their own. `other_spread`: the standard deviation of the share that other
    programs seemed to use of a core in the selftest.
    """

    stack: Stack
    scenario: Scenario
    load: Load
    server_cpus: int
    load_cpus: int
    pinned: bool = True
    other_spread: float = 0.0
