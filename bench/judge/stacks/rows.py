"""Cells side by side: the rounds of one stack, scenario and load joined into a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.cell.bottleneck import slots_rps
from bench.judge.cell.metrics import METRICS, Metric
from bench.judge.cell.problems import SERVICES_DOING
from bench.judge.stats.intervals import Estimate, estimate
from bench.model.cell import Bound, Cell, Outcome
from bench.model.config import Closed, Load, Plan
from bench.model.loads import amount, within


@dataclass(frozen=True, slots=True)
class Seen:
    """A problem over the rounds of a row: its name, its words the first time, and in how many rounds it was seen.

    `figure`: what a metric that it voids read the first time, in base units; None where it is no void, or nothing was
    read.
    """

    name: str
    detail: str
    rounds: int
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One stack under one scenario and load, over all its rounds.

    `estimates` has an entry for each metric that at least one round can vouch for, unless the service's own doing voids
    another (`selected`); `voids` says, for each metric that some rounds have no figure of, why the first has none.
    `outcomes` are the distinct ones of the rounds; `problems` has each kind once; `bounds` each thing that bound, and
    the figures that said so the first time.
    """

    stack: str
    scenario: str
    load: Load
    rounds: int
    estimates: Mapping[str, Estimate]
    voids: Mapping[str, Seen]
    outcomes: tuple[Outcome, ...]
    problems: tuple[Seen, ...]
    bounds: Mapping[Bound, str]
    ceiling_rps: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Loads of a scenario from which the profile keeps a stack, and what its slots allow at any load."""

    stack: str
    scenario: str
    loads: tuple[Load, ...]
    slots: int | None
    hold_s: float
    ceiling_rps: float | None


def rows(cells: Iterable[Cell], plan: Plan) -> tuple[Row, ...]:
    """A row for each stack, scenario and load that was recorded: scenarios, then loads, then stacks as planned."""
    groups: dict[tuple[str, Load, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, cell.load, cell.stack), []).append(cell)
    scenarios, stacks = list(plan.profile.loads), list(plan.profile.stacks)

    def place(group: tuple[str, Load, str]) -> tuple[int, str, float, int]:
        scenario, load, stack = group
        return scenarios.index(scenario), load.model, amount(load), stacks.index(stack)

    order = sorted(groups, key=place)
    return tuple(_row(sorted(groups[group], key=lambda cell: cell.round), plan) for group in order)


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


def selected(metric: Metric, cells: Iterable[Cell]) -> bool:
    """Whether rounds that are sound would be chosen by how well the service did: then they stand for nothing."""
    return any(metric.void(cell, SERVICES_DOING) is not None for cell in cells)


def spread(found: Sequence[Row], metric: Metric) -> float:
    """How many times the largest figure of one stack is that of another stack, under whatever load; 1 of one stack."""
    figures = [(row.stack, row.estimates[metric.name].mean) for row in found if metric.name in row.estimates]
    return max((high / low for one, high in figures for other, low in figures if one != other), default=1.0)


def _row(cells: Sequence[Cell], plan: Plan) -> Row:
    estimates: dict[str, Estimate] = {}
    voids: dict[str, Seen] = {}
    for metric in METRICS:
        values = [value for cell in cells if (value := metric.value(cell)) is not None]
        found = None if selected(metric, cells) else estimate(values)
        if found is not None:
            estimates[metric.name] = found
        if len(values) < len(cells):
            voids[metric.name] = _void(metric, cells, len(cells) - len(values))
        elif found is None:
            voids[metric.name] = Seen("nothing served", f"{metric.title} was 0", values.count(0))
    first = cells[0]
    return Row(
        stack=first.stack,
        scenario=first.scenario,
        load=first.load,
        rounds=len(cells),
        estimates=estimates,
        voids=voids,
        outcomes=tuple(dict.fromkeys(cell.outcome for cell in cells)),
        problems=_problems(cells),
        bounds={cell.ceiling.bound: cell.ceiling.why for cell in reversed(cells) if cell.ceiling is not None},
        ceiling_rps=slots_rps(plan.stacks[first.stack], plan.scenarios[first.scenario]),
    )


def _void(metric: Metric, cells: Sequence[Cell], rounds: int) -> Seen:
    """Why the first of the cells without this figure has none."""
    cell = next(cell for cell in cells if metric.value(cell) is None)
    if cell.outcome == "failed":
        return Seen("failed", next((problem.detail for problem in cell.problems), "it was not measured"), rounds)
    name = next((problem.name for problem in cell.problems if metric.figure in problem.voids), "no figure")
    return Seen(name, metric.void(cell) or f"the cell has no {metric.title}", rounds, metric.read(cell))


def _problems(cells: Sequence[Cell]) -> tuple[Seen, ...]:
    details: dict[str, list[str]] = {}
    for cell in cells:
        for problem in cell.problems:
            details.setdefault(problem.name, []).append(problem.detail)
    return tuple(Seen(name, seen[0], len(seen)) for name, seen in details.items())
