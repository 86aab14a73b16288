"""What one cell was measured under, as far as its judgement depends on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.cell import companion_of
from bench.model.config import Companion, Cores, Load, Scenario, Stack


@dataclass(frozen=True, slots=True)
class Conditions:
    """A stack under a scenario and load; `server_cpus` and `load_cpus` count the cores of either side.

    `pinned`: the two sides have cores of their own. `other_spread`: the standard deviation of the share that other
    programs seemed to use of a core in the selftest. `companions`: those that are started beside the stack.
    """

    stack: Stack
    scenario: Scenario
    load: Load
    server_cpus: int
    load_cpus: int
    pinned: bool = True
    other_spread: float = 0.0
    companions: tuple[Companion, ...] = ()

    def roles_on(self, side: Cores, roles: Sequence[str]) -> list[str]:
        """Those of the roles that are companions with their cores on this side."""
        wanted = {one.name for one in self.companions if one.cores == side}
        return [role for role in roles if companion_of(role) in wanted]
