"""Cells side by side: the rounds of one stack, scenario and load joined into a row."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.cell.bottleneck import slots_rps
from bench.judge.cell.kinds import FAILED, NOTHING_SERVED, SERVICE_FAILED, SERVICES_DOING
from bench.judge.cell.metrics import FIGURES, THROUGHPUT, Metric
from bench.judge.stacks.failures import Failures, failing, failures
from bench.judge.stats.intervals import Estimate
from bench.judge.stats.rounds import over_rounds
from bench.model.cell import Cell, Limit, Measurement, Outcome, Problem
from bench.model.config import Closed, Load, Plan
from bench.model.loads import amount, within


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem over the rounds of a row: its name, its detail in the first round that has it, and how many rounds do.

    `figure`: the unreliable value of a metric in that first round, in base units; None where there is none.
    """

    name: str
    detail: str
    rounds: int
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One stack under one scenario and load, over all its rounds.

    `estimates` has an entry for each of FIGURES that is reliable in at least one round, unless the service itself made
    it unreliable in another (`selected`). `voids` says, for each one that some rounds lack, why the first of them lacks
    it. `outcomes` are the distinct outcomes of the rounds; `problems` has each kind once; `bottlenecks` has each limit
    that was found, with the evidence of the first round. `slots_rps`: what the slots allow; None without slots.
    `failures`: the failed requests of all rounds, where the service failed in one; None where it failed in none.
    `connections`: new connections for each request, the mean of the rounds; None where they were not recorded. `asked`
    and `failed`: the requests of all rounds, dropped arrivals included, whether or not other figures are reliable.
    """

    stack: str
    scenario: str
    load: Load
    rounds: int
    estimates: Mapping[str, Estimate]
    voids: Mapping[str, RowProblem]
    outcomes: tuple[Outcome, ...]
    problems: tuple[RowProblem, ...]
    bottlenecks: Mapping[Limit, str]
    slots_rps: float | None
    failures: Failures | None = None
    connections: float | None = None
    asked: int = 0
    failed: int = 0

    @property
    def failed_share(self) -> float | None:
        """The share of the requests that failed; None where there was none."""
        return self.failed / self.asked if self.asked else None

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What limits the stack, as far as it is known: what fails, or died, is not known to be limited by nothing."""
        known = tuple(limit for limit in self.bottlenecks if limit != "not known")
        stood = self.failures is None and "ok" in self.outcomes and "failed" not in self.outcomes
        return known if stood or set(known) != {"nothing"} else ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Loads of a scenario that the profile does not give to a stack, and what its slots allow at any load."""

    stack: str
    scenario: str
    loads: tuple[Load, ...]
    slots: int | None
    hold_s: float
    slots_rps: float | None


def rows(cells: Iterable[Cell], plan: Plan) -> tuple[Row, ...]:
    """A row for each stack, scenario and load that was recorded, in the order of `grouped`."""
    return tuple(_row(group, plan) for group in grouped(cells, plan))


def grouped(cells: Iterable[Cell], plan: Plan) -> tuple[Sequence[Cell], ...]:
    """The cells of each stack, scenario and load, round by round: scenarios, then loads, then stacks as planned."""
    groups: dict[tuple[str, Load, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, cell.load, cell.stack), []).append(cell)
    scenarios, stacks = list(plan.profile.loads), list(plan.profile.stacks)

    def place(group: tuple[str, Load, str]) -> tuple[int, str, float, int]:
        scenario, load, stack = group
        return scenarios.index(scenario), load.model, amount(load), stacks.index(stack)

    return tuple(sorted(groups[group], key=lambda cell: cell.round) for group in sorted(groups, key=place))


def kept(plan: Plan) -> tuple[Kept, ...]:
    """The stacks with a highest load, under each scenario that has a load beyond it."""
    return tuple(
        Kept(
            stack,
            scenario,
            beyond,
            plan.stacks[stack].slots,
            plan.scenarios[scenario].hold_s,
            slots_rps(plan.stacks[stack], plan.scenarios[scenario]),
        )
        for stack in plan.profile.stacks
        for scenario, loads in plan.profile.loads.items()
        if (beyond := tuple(load for load in loads if not within(plan.profile, stack, load)))
    )


def unmeasured(found: Iterable[Row], plan: Plan) -> tuple[tuple[str, str, Load], ...]:
    """The (stack, scenario, load) that were planned and of which no round was recorded: the run ended early."""
    recorded = {(row.stack, row.scenario, row.load) for row in found}
    planned = (
        (stack, scenario, load)
        for scenario, loads in plan.profile.loads.items()
        for load in loads
        for stack in plan.profile.stacks
        if within(plan.profile, stack, load)
    )
    return tuple(group for group in planned if group not in recorded)


def highest(found: Iterable[Row]) -> tuple[Row, ...]:
    """Of each scenario and stack the row of its highest closed load, in the order in which they first come."""
    rows_of: dict[tuple[str, str], Row] = {}
    for row in sorted(found, key=lambda one: amount(one.load)):
        if isinstance(row.load, Closed):
            rows_of[row.scenario, row.stack] = row
    return tuple(rows_of.values())


def comparable(metric: Metric, one: Measurement) -> float | None:
    """The value of a metric by which stacks can be compared; None where there is none.

    Of a service that failed that is its throughput alone: failing takes less time, CPU and memory than serving.
    """
    return None if _failed(metric, one) else metric.value(one)


def selected(metric: Metric, cells: Iterable[Cell]) -> bool:
    """Whether the service itself made this metric unreliable in a round: the others would be a biased choice."""
    return any(
        metric.void(cell.measurement, SERVICES_DOING) is not None or _failed(metric, cell.measurement) for cell in cells
    )


def connections(cells: Iterable[Cell]) -> float | None:
    """New connections for each request, the mean over the rounds; None where none of them has recorded it."""
    known = [one for cell in cells if (one := cell.measurement.connections) is not None]
    return math.fsum(known) / len(known) if known else None


def lacking(metric: Metric, one: Measurement) -> Problem:
    """Why a measurement has no value of the metric by which stacks can be compared."""
    if one.outcome == "failed":
        return Problem(FAILED, next((problem.detail for problem in one.problems), "it was not measured"))
    voids = (problem for problem in one.problems if metric.figure in problem.voids)
    fails = (problem for problem in one.problems if problem.name in SERVICE_FAILED)
    return next(voids, None) or next(fails, None) or Problem("no figure", f"the cell has no {metric.title}")


def spread(found: Sequence[Row], metric: Metric) -> float:
    """How many times the largest figure of one stack is that of another stack, under whatever load; 1 of one stack."""
    figures = [(row.stack, row.estimates[metric.name].mean) for row in found if metric.name in row.estimates]
    return max((high / low for one, high in figures for other, low in figures if one != other), default=1.0)


def _row(cells: Sequence[Cell], plan: Plan) -> Row:
    estimates: dict[str, Estimate] = {}
    voids: dict[str, RowProblem] = {}
    for metric in FIGURES:
        values = [value for cell in cells if (value := comparable(metric, cell.measurement)) is not None]
        found = None if selected(metric, cells) else _joined(metric, values, plan, cells[0].stack)
        if found is not None:
            estimates[metric.name] = found
        if len(values) < len(cells):
            voids[metric.name] = _void(metric, cells, len(cells) - len(values))
        elif found is None:
            voids[metric.name] = RowProblem(NOTHING_SERVED.name, f"{metric.title} was 0", values.count(0))
    first = cells[0]
    requests = [sent for cell in cells if (sent := cell.measurement.requests) is not None]
    return Row(
        stack=first.stack,
        scenario=first.scenario,
        load=first.load,
        rounds=len(cells),
        estimates=estimates,
        voids=voids,
        outcomes=tuple(dict.fromkeys(cell.outcome for cell in cells)),
        problems=_problems(cells),
        bottlenecks={
            one.limit: one.evidence for cell in reversed(cells) if (one := cell.measurement.bottleneck) is not None
        },
        slots_rps=slots_rps(plan.stacks[first.stack], plan.scenarios[first.scenario]),
        failures=failures(cells) if any(failing(cell.measurement) for cell in cells) else None,
        connections=connections(cells),
        asked=sum(one.asked for one in requests),
        failed=sum(one.failed for one in requests),
    )


def _joined(metric: Metric, values: Sequence[float], plan: Plan, stack: str) -> Estimate | None:
    """The figure of all rounds; the largest value has no interval."""
    found = over_rounds(values, plan, stack)
    if found is None or metric.joined == "mean":
        return found
    return Estimate(max(values), None, None, found.values)


def _failed(metric: Metric, one: Measurement) -> bool:
    """Whether the service failed, and with it every figure but its throughput."""
    return metric is not THROUGHPUT and failing(one)


def _void(metric: Metric, cells: Sequence[Cell], rounds: int) -> RowProblem:
    """Why the first of the cells without this figure has none."""
    lacks = next(one for cell in cells if comparable(metric, one := cell.measurement) is None)
    why = lacking(metric, lacks)
    return RowProblem(why.name, why.detail, rounds, None if lacks.outcome == "failed" else metric.read(lacks))


def _problems(cells: Sequence[Cell]) -> tuple[RowProblem, ...]:
    details: dict[str, list[str]] = {}
    for cell in cells:
        for problem in cell.measurement.problems:
            details.setdefault(problem.name, []).append(problem.detail)
    return tuple(RowProblem(name, seen[0], len(seen)) for name, seen in details.items())
