"""The order of the cells of a plan: rounds of visits, in seeded random order."""

import random
from collections.abc import Iterator

from bench.model.cell import CellKey
from bench.model.config import Plan
from bench.model.loads import expected_in_flight, load_name, within
from bench.model.search import Key


def visits(plan: Plan, seed: int) -> Iterator[tuple[CellKey, ...]]:
    """The cells of every visit of every round, in the order in which they run; `order` counts the cells from 0.

    A visit is a freshly started server: one stack under one scenario. A round visits each stack x scenario once,
    shuffled anew by seed and round, so that drift of the machine affects all alike. The loads of a visit ascend by the
    requests that they keep in flight, closed-loop and open-loop loads together, because memory does not shrink.
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
                yield tuple(cells)


def cell_name(key: Key) -> str:
    """The cell in words, or the search: `flask-sync, weather, 10 users, round 2`."""
    load = load_name(key.load) if isinstance(key, CellKey) else "capacity"
    return f"{key.stack}, {key.scenario}, {load}, round {key.round}"
