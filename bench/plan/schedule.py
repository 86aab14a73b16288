"""The order of the cells of a plan: rounds of visits, in seeded random order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.model.cell import CellKey
from bench.model.config import Plan
from bench.model.loads import expected_in_flight, load_name, within


@dataclass(frozen=True, slots=True)
class Visit:
    """One freshly started server: a stack under a scenario, with its loads in ascending order.

    The order is by the requests that a load keeps in flight, which orders closed-loop and open-loop loads together. It
    ascends because the memory of a server does not shrink.
    """

    cells: tuple[CellKey, ...]

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return self.cells[0].stack

    @property
    def scenario(self) -> str:
        """The name of the scenario."""
        return self.cells[0].scenario


def visits(plan: Plan, seed: int) -> Iterator[Visit]:
    """Every visit of every round, in the order in which they run; the `order` of a cell counts from 0.

    A round has each pair of stack and scenario once. Seed and round shuffle the pairs, so that a machine that becomes
    slower or faster affects all of them alike.
    """
    order = 0
    for number in range(1, plan.profile.rounds + 1):
        pairs = [(stack, scenario) for scenario in plan.profile.loads for stack in plan.profile.stacks]
        random.Random(f"{seed}/{number}").shuffle(pairs)  # noqa: S311 (an order, not a secret)
        for stack, scenario in pairs:
            loads = [load for load in plan.profile.loads[scenario] if within(plan.profile, stack, load)]
            in_flight = {load: expected_in_flight(load, plan.scenarios[scenario], plan.stacks[stack]) for load in loads}
            loads.sort(key=in_flight.__getitem__)
            cells = [CellKey(stack, scenario, load, number, order + place) for place, load in enumerate(loads)]
            order += len(cells)
            if cells:
                yield Visit(tuple(cells))


def cell_name(key: CellKey) -> str:
    """The cell in words: `flask-sync, weather, 10 users, round 2`."""
    return f"{key.stack}, {key.scenario}, {load_name(key.load)}, round {key.round}"
