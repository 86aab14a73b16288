"""From which arrival rate on one of two stacks needs less CPU or memory, or has the lower P95.

In each round the windows of a stack's search give its figures by rate, and those of two stacks give their ratio at each
rate of a coarse grid. Only rates that both carry count: beyond its capacity a stack is overloaded, and the ratio of the
capacities tells that. A rate at which the interval of the ratio over the rounds lies beyond the metric's noise on one
side shows which stack is ahead there. Of many rates some would show it by chance, so a rate counts where one beside it
shows the same. A rate without a neighbour that could be compared rests on windows of its own, and stands alone.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, groupby, takewhile
from statistics import median

from bench.judge.capacity.grid import level_of, rate_at
from bench.judge.capacity.harm import counted
from bench.judge.capacity.pairs import Pair, search_pairs
from bench.judge.cell.metrics import CPU, MEMORY, P95, Metric
from bench.judge.stacks.ratios import Direction, direction
from bench.judge.stats.intervals import Estimate
from bench.judge.stats.rounds import over_rounds
from bench.model.config import Plan, Sought
from bench.model.search import Search, Step

SPACING = 6
"""The compared rates are so many places of the search's grid apart: ten a decade, 26 % apart."""

MOST_APART = 20
"""Between two windows that are further apart, by a factor of 2.15, nothing is interpolated."""

FEWEST_ROUNDS = 2

_OTHER: Mapping[Direction, Direction] = {"lower": "higher", "higher": "lower"}

Curve = Mapping[int, float]
"""Logarithms of a figure, by places on the grid of rates."""


@dataclass(frozen=True, slots=True)
class AtRate:
    """The ratio of two stacks at one rate, over the rounds in which both have windows near it, and who is ahead.

    `ahead`: the stack with the better figure; None where that was not shown.
    """

    rate_rps: float
    estimate: Estimate
    ahead: str | None


@dataclass(frozen=True, slots=True)
class Lead:
    """A stack that is ahead at neighbouring rates, from the lowest to the highest of them."""

    stack: str
    low_rps: float
    high_rps: float


@dataclass(frozen=True, slots=True)
class Crossover:
    """A metric of `stack` divided by that of `against`, by rate, ascending; and where either is ahead."""

    scenario: str
    sought: Sought
    stack: str
    against: str
    metric: Metric
    rates: tuple[AtRate, ...]
    leads: tuple[Lead, ...]

    @property
    def throughout(self) -> str | None:
        """The stack that is ahead at every rate that could be compared."""
        ahead = {one.ahead for one in self.rates}
        return ahead.pop() if len(ahead) == 1 else None

    @property
    def runs(self) -> tuple[tuple[float, float], ...]:
        """The rates that could be compared: the lowest and the highest of those beside one another."""
        return tuple((own[0].rate_rps, own[-1].rate_rps) for own in _beside(self.rates))


def crossovers(searches: Iterable[Search], plan: Plan) -> tuple[Crossover, ...]:
    """CPU, memory and P95 of every stack against the second of the profile's `compare`, the headline's stack first.

    Of stacks that were searched for in common rounds. Without `rates` where nothing could be compared in two of them.
    """
    result = []
    for pair in search_pairs(searches, plan):
        for metric, figures in _FIGURES:
            curves = [(_curve(figures(over)), _curve(figures(under))) for over, under in pair.rounds]
            rates = tuple(_rates(curves, metric, plan, pair))
            found = Crossover(pair.scenario, pair.sought, pair.stack, pair.against, metric, rates, tuple(_leads(rates)))
            result.append(found)
    return tuple(result)


def _rates(curves: Sequence[tuple[Curve, Curve]], metric: Metric, plan: Plan, pair: Pair) -> Iterator[AtRate]:
    """The rates of the grid at which both stacks have a figure in enough rounds."""
    places = [place for both in curves for curve in both for place in curve]
    if not places:
        return
    for place in range(math.ceil(min(places) / SPACING) * SPACING, max(places) + 1, SPACING):
        values = [
            math.exp(over - under)
            for ours, theirs in curves
            if (over := _at(ours, place)) is not None and (under := _at(theirs, place)) is not None
        ]
        found = over_rounds(values, plan, pair.stack, pair.against)
        if found is not None and len(values) >= FEWEST_ROUNDS:
            way = direction(found, metric.noise)
            better = {metric.better: pair.stack, _OTHER[metric.better]: pair.against}
            yield AtRate(rate_at(place), found, better.get(way))


def _leads(rates: Sequence[AtRate]) -> Iterator[Lead]:
    for neighbours in _beside(rates):
        for ahead, group in groupby(neighbours, key=lambda one: one.ahead):
            own = list(group)
            if ahead is not None and (len(own) > 1 or len(neighbours) == 1):
                yield Lead(ahead, own[0].rate_rps, own[-1].rate_rps)


def _beside(rates: Sequence[AtRate]) -> list[list[AtRate]]:
    """The rates in groups of those that are beside one another on the grid."""
    groups: list[list[AtRate]] = []
    for one in rates:
        if groups and level_of(one.rate_rps) - level_of(groups[-1][-1].rate_rps) == SPACING:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _at(curve: Curve, place: int) -> float | None:
    """The figure's logarithm at a place: of the windows there, else interpolated between near ones on both sides."""
    if place in curve:
        return curve[place]
    places = list(curve)
    after = bisect_left(places, place)
    if after in {0, len(places)} or places[after] - places[after - 1] > MOST_APART:
        return None
    low, high = places[after - 1], places[after]
    return curve[low] + (curve[high] - curve[low]) * (place - low) / (high - low)


def _curve(figures: Iterable[tuple[Step, float | None]]) -> Curve:
    """The medians of the windows at each place, ascending; without those that are no finite figure above 0."""
    by_place: dict[int, list[float]] = {}
    for step, value in figures:
        if value:
            by_place.setdefault(level_of(step.rate_rps), []).append(value)
    medians = {place: median(by_place[place]) for place in sorted(by_place)}
    return {place: math.log(value) for place, value in medians.items() if math.isfinite(value)}


def _carried(search: Search) -> list[Step]:
    """The windows that were judged, at rates that the stack carries, on a server that no overload had harmed."""
    most = level_of(search.rate_rps) if search.rate_rps else -math.inf
    return [step for step in counted(search.steps) if step.verdict != "not known" and level_of(step.rate_rps) <= most]


def _cpu(search: Search) -> Iterator[tuple[Step, float | None]]:
    yield from ((step, step.server_s_per_request) for step in _carried(search) if step.whole)


def _memory(search: Search) -> Iterator[tuple[Step, float | None]]:
    """In windows after the server was first overloaded, until it was started anew.

    An overload makes the server larger, and it does not shrink. So the memory before and after one cannot be compared.
    """
    first_server = takewhile(lambda step: step.part != "check", search.steps)
    larger = {step.number for step in dropwhile(lambda step: step.verdict != "exceeded", first_server)}
    yield from ((step, step.memory_bytes) for step in _carried(search) if step.whole and step.number in larger)


def _p95(search: Search) -> Iterator[tuple[Step, float | None]]:
    """A window that ended early has no P95, but was a slow one: without it the others would be the lucky ones."""
    for step in _carried(search):
        yield step, (step.latency_s.p95 if step.latency_s else None) if step.whole else math.inf


_FIGURES: tuple[tuple[Metric, Callable[[Search], Iterator[tuple[Step, float | None]]]], ...] = (
    (CPU, _cpu),
    (MEMORY, _memory),
    (P95, _p95),
)
