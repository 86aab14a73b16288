"""The searches of each stack and scenario over the rounds: what it carries, and what that costs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.judge.capacity.search import BELOW, level_of
from bench.judge.stacks.ratios import Agreement, agreement, same_meaning
from bench.judge.stats.intervals import Estimate, quotient
from bench.judge.stats.rounds import over_rounds
from bench.model.config import Plan, Sought
from bench.model.run import Run
from bench.model.search import Ending, Search, Step

GIB = 2**30
Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """The capacity of a stack under one scenario.

    `rate_rps`: over the rounds in which a rate was found; None where there is none. `at_least`: that in a round a
    higher rate could not be tried. `endings`: how the rounds ended, each distinct. `why`: the reasons of rounds without
    a rate, with a bound, or not settled in time. At that rate: `cores` of the server in use, CPU seconds for each
    request and bytes of anonymous memory. `per_core_rps` and `per_gib_rps`: the rate for each core that the server may
    use (None where it ran already, and is not pinned), and for each GiB of that memory. `p95_s`: at shares of the rate.
    """

    stack: str
    scenario: str
    sought: Sought
    rounds: int
    rate_rps: Estimate | None
    at_least: bool
    endings: tuple[Ending, ...]
    why: tuple[str, ...]
    cores: Estimate | None
    s_per_request: Estimate | None
    memory_bytes: Estimate | None
    per_core_rps: Estimate | None
    per_gib_rps: Estimate | None
    p95_s: Mapping[float, Estimate]


@dataclass(frozen=True, slots=True)
class CapacityRatio:
    """The capacity of `stack` divided by that of `against`, in the rounds in which both were found.

    `bound`: where a higher rate could not be tried, the ratio is at least that if it was `stack`, and at most that if
    it was `against`.
    """

    scenario: str
    sought: Sought
    stack: str
    against: str
    estimate: Estimate
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class ReproducedCapacity:
    """A ratio of capacities here and in the reference run, and whether the one reproduces the other: `Reproduced`."""

    here: CapacityRatio
    there: CapacityRatio
    quotient: Estimate
    agreement: Agreement


def capacity_rows(run: Run) -> tuple[CapacityRow, ...]:
    """A row for each scenario and stack that was searched, in the order of the plan."""
    plan, server_cpus = run.config, len(run.server_cpus) or run.machine.cpus
    groups: dict[tuple[str, str], list[Search]] = {}
    for one in run.searches:
        groups.setdefault((one.scenario, one.stack), []).append(one)
    planned = ((scenario, stack) for scenario in plan.profile.sought for stack in plan.profile.stacks)
    return tuple(
        _row(sorted(groups[place], key=lambda one: one.round), plan, server_cpus)
        for place in planned
        if place in groups
    )


def capacity_ratios(searches: Iterable[Search], plan: Plan) -> tuple[CapacityRatio, ...]:
    """Every stack against the second of the profile's `compare`, over the rounds in which both have a rate.

    The headline's stack comes first. Where both have only lower bounds, nothing is known of their ratio.
    """
    if plan.profile.compare is None:
        return ()
    first, against = plan.profile.compare
    found = {(one.scenario, one.stack, one.round): one for one in searches if one.rate_rps}
    rounds = range(1, plan.profile.rounds + 1)
    ratios = []
    for scenario, sought in plan.profile.sought.items():
        for stack in (first, *(name for name in plan.profile.stacks if name not in plan.profile.compare)):
            pairs = [
                (found[scenario, stack, number], found[scenario, against, number])
                for number in rounds
                if (scenario, stack, number) in found and (scenario, against, number) in found
            ]
            values = [over.rate_rps / under.rate_rps for over, under in pairs if over.rate_rps and under.rate_rps]
            estimate = over_rounds(values, plan, stack, against)
            above, below = (any(pair[side].ending == "at least" for pair in pairs) for side in (0, 1))
            if estimate is not None and not (above and below):
                bound: Bound | None = "at least" if above else "at most" if below else None
                ratios.append(CapacityRatio(scenario, sought, stack, against, estimate, bound))
    return tuple(ratios)


def capacities_held_against(run: Run, reference: Run) -> tuple[ReproducedCapacity, ...]:
    """Each ratio of capacities of which both runs mean the same stacks, scenario and objective, compared."""
    there = {_key(one): one for one in capacity_ratios(reference.searches, reference.config) if one.bound is None}
    pairs = (
        (one, there[_key(one)])
        for one in capacity_ratios(run.searches, run.config)
        if _key(one) in there and one.bound is None and same_meaning(one, run.config, reference.config)
    )
    return tuple(
        ReproducedCapacity(one, other, found, agreement(found))
        for one, other in pairs
        if (found := quotient(one.estimate.values, other.estimate.values)) is not None
    )


def _key(one: CapacityRatio) -> tuple[str, Sought, str, str]:
    return one.scenario, one.sought, one.stack, one.against


def cores_for(row: CapacityRow, rate_rps: float) -> tuple[int, int] | None:
    """The fewest and the most cores that a rate needs by the interval of the row, if capacity grows with the cores.

    None without an interval.
    """
    found = row.per_core_rps
    if found is None or found.low is None or found.high is None or row.at_least:
        return None
    return math.ceil(rate_rps / found.high), math.ceil(rate_rps / found.low)


def _row(searches: Sequence[Search], plan: Plan, server_cpus: int) -> CapacityRow:
    first = searches[0]
    stack = first.stack
    pinned = plan.stacks[stack].url is None
    rates = [one.rate_rps for one in searches if one.rate_rps]
    at = [(one.rate_rps, step) for one in searches if one.rate_rps and (step := _at(one, one.rate_rps)) is not None]
    known_bytes = [(rate_rps, step.memory_bytes) for rate_rps, step in at if step.memory_bytes]
    return CapacityRow(
        stack=stack,
        scenario=first.scenario,
        sought=first.sought,
        rounds=len(searches),
        rate_rps=over_rounds(rates, plan, stack),
        at_least=any(one.ending == "at least" for one in searches),
        endings=tuple(dict.fromkeys(one.ending for one in searches)),
        why=tuple(dict.fromkeys(one.why for one in searches if one.why)),
        cores=over_rounds([step.server_cores for _, step in at if step.server_cores], plan, stack),
        s_per_request=over_rounds(
            [step.server_s_per_request for _, step in at if step.server_s_per_request], plan, stack
        ),
        memory_bytes=over_rounds([float(memory) for _, memory in known_bytes], plan, stack),
        per_core_rps=over_rounds([rate_rps / server_cpus for rate_rps in rates] if pinned else [], plan, stack),
        per_gib_rps=over_rounds([rate_rps / (memory / GIB) for rate_rps, memory in known_bytes], plan, stack),
        p95_s={
            share: found
            for share, places in BELOW.items()
            if (found := over_rounds([*_p95s(searches, places)], plan, stack)) is not None
        },
    )


def _at(search: Search, rate_rps: float) -> Step | None:
    """The longest window at this rate in which the objective held."""
    held = [one for one in search.steps if one.verdict == "held" and level_of(one.rate_rps) == level_of(rate_rps)]
    return max(held, key=lambda one: one.planned_s, default=None)


def _p95s(searches: Sequence[Search], places: int) -> Iterable[float]:
    """P95 in the windows that are so many places below the rate that was found, one a round."""
    for one in searches:
        level = level_of(one.rate_rps) - places if one.rate_rps else None
        step = next((step for step in one.steps if step.whole and level_of(step.rate_rps) == level), None)
        if step is not None and step.latency_s is not None and step.verdict != "not known":
            yield step.latency_s.p95
