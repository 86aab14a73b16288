"""Ratios between stacks, taken within each round, and whether they are those of another run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bench.judge.cell.metrics import BY_NAME, METRICS, THROUGHPUT
from bench.judge.stacks.failures import Failures, failing, failures
from bench.judge.stacks.rows import comparable, connections, selected
from bench.judge.stats.intervals import Estimate, quotient
from bench.judge.stats.rounds import over_rounds
from bench.model.cell import Cell
from bench.model.config import Load, Plan
from bench.model.loads import load_name
from bench.model.run import Run

REPRODUCED = 0.2
"""A ratio is reproduced where it lies within so much of the reference run's, either way."""

RECONNECTS = 0.5
"""A stack with so many new connections for each request does not keep its connections alive."""

Direction = Literal["higher", "lower", "same", "unclear"]
Agreement = Literal["yes", "no", "unclear"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A metric of `stack` divided by that of `against`, under one scenario and load, over the rounds that have both.

    `direction`: higher or lower where the whole interval lies beyond the metric's noise threshold, same where it lies
    within, else unclear; a single round, which has no interval, is unclear. `failures`: those of each of the two stacks
    that failed in a round. A ratio with one must not be shown without it, for it compares right answers alone.
    `reconnected`: the one of the two stacks that was sent each request over a new connection, where the other was not;
    None where both were treated alike.
    """

    scenario: str
    load: Load
    stack: str
    against: str
    metric: str
    estimate: Estimate
    direction: Direction
    failures: tuple[Failures, ...] = ()
    reconnected: str | None = None


class Compared(Protocol):
    """What two stacks are compared under."""

    @property
    def scenario(self) -> str:
        """The scenario."""

    @property
    def stack(self) -> str:
        """The stack that is compared."""

    @property
    def against(self) -> str:
        """The one that it is compared with."""


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A ratio here and in the reference run, and whether the one reproduces the other.

    `quotient`: here / there, with its interval. Yes where the interval lies within 1 +- REPRODUCED, no where it lies
    outside, else unclear.
    """

    here: Ratio
    there: Ratio
    quotient: Estimate
    agreement: Agreement


def ratios(cells: Iterable[Cell], plan: Plan) -> tuple[Ratio, ...]:
    """Every stack against the second of the profile's `compare`, for each scenario, load and metric that both have.

    Rounds in which either figure is unreliable are left out; where the service itself made one unreliable, there is no
    ratio. Of a stack that failed in a round, or could not be measured in one, there are ratios of throughput alone. The
    headline's stack comes first.
    """
    by_place: dict[tuple[str, Load, str], dict[int, Cell]] = {}
    for cell in cells:
        by_place.setdefault((cell.scenario, cell.load, cell.stack), {})[cell.round] = cell
    found = (
        _ratio(by_place, plan, scenario, load, stack, against, metric.name)
        for scenario, loads in plan.profile.loads.items()
        for load in loads
        for stack, against in compared_stacks(plan)
        for metric in METRICS
    )
    return tuple(one for one in found if one is not None)


def compared_stacks(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Every stack with the second of the profile's `compare`, the headline's pair first; none without `compare`."""
    pair = plan.profile.compare
    if pair is None:
        return ()
    return tuple((stack, pair[1]) for stack in (pair[0], *(one for one in plan.profile.stacks if one not in pair)))


def headline(found: Iterable[Ratio], plan: Plan) -> tuple[Ratio, ...]:
    """The ratios of the two stacks that the profile compares."""
    return tuple(one for one in found if (one.stack, one.against) == plan.profile.compare)


def held_against(run: Run, reference: Run) -> tuple[Reproduced, ...]:
    """Each ratio of which both runs mean the same stacks and scenario, compared."""
    here, there = (ratios(one.cells, one.config) for one in (run, reference))
    return reproduced((one for one in here if same_meaning(one, run.config, reference.config)), there)


def same_meaning(one: Compared, here: Plan, there: Plan) -> bool:
    """Whether both plans mean the same by the names of a ratio; its titles are no matter."""
    pairs = [(here.stacks[name], there.stacks.get(name)) for name in (one.stack, one.against)]
    if any(ours.url is not None for ours, _ in pairs):  # its rounds are no restarts
        return False
    if any(here.companions_of(ours) != there.companions_of(theirs) for ours, theirs in pairs if theirs is not None):
        return False
    scenario, other = here.scenarios[one.scenario], there.scenarios.get(one.scenario)
    stacks = all(ours == (theirs and replace(theirs, title=ours.title)) for ours, theirs in pairs)
    return stacks and scenario == (other and replace(other, title=scenario.title))


def reproduced(here: Iterable[Ratio], there: Sequence[Ratio]) -> tuple[Reproduced, ...]:
    """Each ratio that both have, compared."""
    known = {_key(one): one for one in there}
    pairs = ((one, known[_key(one)]) for one in here if _key(one) in known)
    return tuple(
        Reproduced(one, other, found, agreement(found))
        for one, other in pairs
        if (found := quotient(one.estimate.values, other.estimate.values)) is not None
    )


def _key(one: Ratio) -> tuple[str, str, str, str, str]:
    return one.scenario, load_name(one.load), one.stack, one.against, one.metric


def _ratio(
    cells: Mapping[tuple[str, Load, str], Mapping[int, Cell]],
    plan: Plan,
    scenario: str,
    load: Load,
    stack: str,
    against: str,
    metric: str,
) -> Ratio | None:
    ours, theirs = (cells.get((scenario, load, name), {}) for name in (stack, against))
    pairs = [(ours.get(number), theirs.get(number)) for number in sorted({*ours, *theirs})]
    recorded = [cell for pair in pairs for cell in pair if cell is not None]
    died = metric != THROUGHPUT.name and any(cell.outcome == "failed" for cell in recorded)
    if died or selected(BY_NAME[metric], recorded):
        return None
    quotients = []
    for pair in pairs:
        over, under = (None if cell is None else comparable(BY_NAME[metric], cell.measurement) for cell in pair)
        if over == 0 or under == 0:
            return None  # nothing was served: no ratio, and none of the other rounds alone
        if over is not None and under is not None:
            quotients.append(over / under)
    found = over_rounds(quotients, plan, stack, against)
    if found is None:
        return None
    sides = [[cell for cell in recorded if cell.stack == name] for name in (stack, against)]
    failed = tuple(failures(own) for own in sides if any(failing(cell.measurement) for cell in own))
    shares = [connections(own) for own in sides]
    again = [
        name for name, share in zip((stack, against), shares, strict=True) if share is not None and share >= RECONNECTS
    ]
    reconnected = again[0] if len(again) == 1 and None not in shares else None
    clear = direction(found, BY_NAME[metric].noise)
    return Ratio(scenario, load, stack, against, metric, found, clear, failed, reconnected)


def direction(found: Estimate, noise: float) -> Direction:
    """Which way a ratio goes, once its whole interval clears 1 by the noise threshold."""
    if found.low is None or found.high is None:
        return "unclear"
    if found.low > 1 + noise:
        return "higher"
    if found.high < 1 / (1 + noise):
        return "lower"
    return "same" if found.low >= 1 / (1 + noise) and found.high <= 1 + noise else "unclear"


def agreement(found: Estimate) -> Agreement:
    """Whether a ratio reproduces another, by their quotient: see `Reproduced`."""
    within = direction(found, REPRODUCED)
    return "yes" if within == "same" else "unclear" if within == "unclear" else "no"
