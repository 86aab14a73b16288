"""From a plan to the order of its cells: rounds of visits, in seeded random order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.model.cell import CellKey
from bench.model.config import Plan
from bench.model.loads import expected_in_flight, load_name, within


@dataclass(frozen=True, slots=True)
class Visit:
    """One freshly started server: a stack under a scenario, its loads ascending, for memory does not shrink.

    Ascending by the requests that they keep under way, so that closed and open loads stand in one order.
    """

    cells: tuple[CellKey, ...]

    @property
    def stack(self) -> str:
        """The name of the stack that is visited."""
        return self.cells[0].stack

    @property
    def scenario(self) -> str:
        """The name of the scenario that it is visited with."""
        return self.cells[0].scenario


def visits(plan: Plan, seed: int) -> Iterator[Visit]:
    """Every visit of every round, in the order in which they run; `order` counts the cells from 0.

    A round has each stack x scenario once, shuffled anew by seed and round, so that drift of the machine falls on
    all alike.
    """
    order = 0
    for number in range(1, plan.profile.rounds + 1):
        pairs = [(stack, scenario) for scenario in plan.profile.loads for stack in plan.profile.stacks]
        random.Random(f"{seed}/{number}").shuffle(pairs)  # noqa: S311 (an order, not a secret)
        for stack, scenario in pairs:
            loads = [load for load in plan.profile.loads[scenario] if within(plan.profile, stack, load)]
            under_way = {load: expected_in_flight(load, plan.scenarios[scenario], plan.stacks[stack]) for load in loads}
            loads.sort(key=under_way.__getitem__)
            cells = [CellKey(stack, scenario, load, number, order + place) for place, load in enumerate(loads)]
            order += len(cells)
            if cells:
                yield Visit(tuple(cells))


def cell_name(key: CellKey) -> str:
    """Which cell, for people: `flask-sync, weather, 10 users, round 2`."""
    return f"{key.stack}, {key.scenario}, {load_name(key.load)}, round {key.round}"
