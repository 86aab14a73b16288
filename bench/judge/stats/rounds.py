"""Figures of stacks over the rounds of a run."""

from collections.abc import Sequence

from bench.judge.stats.intervals import Estimate, estimate, without_interval
from bench.model.config import Plan


def over_rounds(values: Sequence[float], plan: Plan, *stacks: str) -> Estimate | None:
    """The estimate of a figure over the rounds of these stacks.

    It has no interval where one of them ran already: its rounds are no restarts, and say nothing of the next one.
    """
    found = estimate(values)
    return found if all(plan.stacks[name].url is None for name in stacks) else without_interval(found)
