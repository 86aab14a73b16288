"""The searches of each stack and scenario over the rounds: what it carries, and what that costs."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from bench.judge.capacity.grid import COMMON_RPS, level_of
from bench.judge.capacity.harm import harmed
from bench.judge.capacity.pairs import search_pairs
from bench.judge.capacity.staircase import BELOW
from bench.judge.stacks.ratios import Agreement, agreement, same_meaning
from bench.judge.stats.intervals import Estimate, quotient
from bench.judge.stats.rounds import over_rounds
from bench.model.config import Plan, Sought
from bench.model.run import Run
from bench.model.search import Ending, Search, Step

GIB = 2**30
NEAR = 3
"""Windows at so many places of the grid from a rate, 12 %, tell what it costs."""


Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """The capacity of a stack under one scenario.

    `rate_rps`: over the rounds in which a rate was found; None where there is none. `at_least`: that in a round a
    higher rate could not be tried. `endings`: how the rounds ended, each distinct. `why`: the reasons of rounds without
    a rate, with a bound, or not settled in time. `harmed`: in how many rounds an overload harmed the server. At that
    rate: `cores` of the server in use, CPU seconds for each request and bytes of anonymous memory. `per_core_rps` and
    `per_gib_rps`: the rate for each core that the server may use (None where it ran already, and is not pinned), and
    for each GiB of that memory. `p95_s`: at shares of the rate.

    At COMMON_RPS, in the rounds with a window there: `common_s_per_request`, CPU seconds for each request, and
    `common_achieved`, one a round: the correct answers of a second divided by the requests that arrived in it. It is
    about 1 where the stack kept up. Its CPU is that of an overloaded server where it did not.
    """

    stack: str
    scenario: str
    sought: Sought
    rounds: int
    rate_rps: Estimate | None
    at_least: bool
    harmed: int
    endings: tuple[Ending, ...]
    why: tuple[str, ...]
    cores: Estimate | None
    s_per_request: Estimate | None
    memory_bytes: Estimate | None
    per_core_rps: Estimate | None
    per_gib_rps: Estimate | None
    p95_s: Mapping[float, Estimate]
    common_s_per_request: Estimate | None
    common_achieved: tuple[float, ...]


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
    ratios = []
    for pair in search_pairs((one for one in searches if one.rate_rps), plan):
        values = [over.rate_rps / under.rate_rps for over, under in pair.rounds if over.rate_rps and under.rate_rps]
        estimate = over_rounds(values, plan, pair.stack, pair.against)
        above, below = (any(both[side].ending == "at least" for both in pair.rounds) for side in (0, 1))
        if estimate is not None and not (above and below):
            bound: Bound | None = "at least" if above else "at most" if below else None
            ratios.append(CapacityRatio(pair.scenario, pair.sought, pair.stack, pair.against, estimate, bound))
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
    near = [_near(one) for one in searches]
    common = [_at_common_rate(one) for one in searches]
    for_each_gib = [
        one.rate_rps / (memory / GIB)
        for one, steps in zip(searches, near, strict=True)
        for memory in _of_each([steps], _memory)
        if one.rate_rps
    ]
    return CapacityRow(
        stack=stack,
        scenario=first.scenario,
        sought=first.sought,
        rounds=len(searches),
        rate_rps=over_rounds(rates, plan, stack),
        at_least=any(one.ending == "at least" for one in searches),
        harmed=sum(bool(harmed(one.steps)) for one in searches),
        endings=tuple(dict.fromkeys(one.ending for one in searches)),
        why=tuple(dict.fromkeys(one.why for one in searches if one.why)),
        cores=over_rounds([*_of_each(near, lambda step: step.server_cores or None)], plan, stack),
        s_per_request=over_rounds([*_of_each(near, _s_per_request)], plan, stack),
        memory_bytes=over_rounds([*_of_each(near, _memory)], plan, stack),
        per_core_rps=over_rounds([rate_rps / server_cpus for rate_rps in rates] if pinned else [], plan, stack),
        per_gib_rps=over_rounds(for_each_gib, plan, stack),
        p95_s={
            share: found
            for share, places in BELOW.items()
            if (found := over_rounds([*_p95s(searches, places)], plan, stack)) is not None
        },
        common_s_per_request=over_rounds([*_of_each(common, _s_per_request)], plan, stack),
        common_achieved=tuple(_of_each(common, _achieved)),
    )


def _near(search: Search) -> list[Step]:
    """The windows at about the rate that was found in which the objective held."""
    if not search.rate_rps:
        return []
    level = level_of(search.rate_rps)
    settled = (step for step in search.steps if step.part == "settle" and step.verdict == "held")
    return [step for step in settled if abs(level_of(step.rate_rps) - level) <= NEAR]


def _at_common_rate(search: Search) -> list[Step]:
    """The windows at COMMON_RPS with which the search began, held or not, as far as they were judged."""
    level = level_of(COMMON_RPS)
    return [
        step
        for step in search.steps
        if level_of(step.rate_rps) == level and step.part == "bracket" and step.verdict != "not known"
    ]


def _of_each(rounds: Iterable[Sequence[Step]], read: Callable[[Step], float | None]) -> Iterator[float]:
    """The median of a figure over the windows of each round that has it."""
    for steps in rounds:
        values = [value for step in steps if (value := read(step)) is not None]
        if values:
            yield median(values)


def _s_per_request(step: Step) -> float | None:
    return step.server_s_per_request or None


def _memory(step: Step) -> float | None:
    return float(step.memory_bytes) if step.memory_bytes else None


def _achieved(step: Step) -> float | None:
    """Answers in the window divided by arrivals in it: a random process brings other numbers than its rate."""
    one = step.requests
    arrived = one.ok + one.errors + one.timeouts + one.dropped + one.unsent
    return step.throughput_rps * (step.end_s - step.start_s) / arrived if arrived else None


def _p95s(searches: Sequence[Search], places: int) -> Iterable[float]:
    """P95 in the windows that are so many places below the rate that was found, one a round."""
    for one in searches:
        level = level_of(one.rate_rps) - places if one.rate_rps else None
        later = (step for step in one.steps if step.part == "below" and step.whole)
        step = next((step for step in later if level_of(step.rate_rps) == level), None)
        if step is not None and step.latency_s is not None and step.verdict != "not known":
            yield step.latency_s.p95
