"""The searches of two stacks side by side, round by round."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.judge.stacks.ratios import compared_stacks
from bench.model.config import Plan, Sought
from bench.model.search import Search


@dataclass(frozen=True, slots=True)
class Pair:
    """The searches of `stack` and of `against` under one scenario, in each round that has both."""

    scenario: str
    sought: Sought
    stack: str
    against: str
    rounds: tuple[tuple[Search, Search], ...]


def search_pairs(searches: Iterable[Search], plan: Plan) -> Iterator[Pair]:
    """Every stack with the second of the profile's `compare`, the headline's pair first, where they share a round."""
    found = {(one.scenario, one.stack, one.round): one for one in searches}
    for scenario, sought in plan.profile.sought.items():
        for stack, against in compared_stacks(plan):
            rounds = tuple(
                (found[scenario, stack, number], found[scenario, against, number])
                for number in range(1, plan.profile.rounds + 1)
                if (scenario, stack, number) in found and (scenario, against, number) in found
            )
            if rounds:
                yield Pair(scenario, sought, stack, against, rounds)
