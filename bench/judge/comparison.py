"""Cells side by side: the rounds of one stack, scenario and load joined into a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.ceiling import slots_rps
from bench.judge.metrics import METRICS, Metric
from bench.judge.stats import Estimate, estimate
from bench.model import Bound, Cell, Load, Outcome, Plan


@dataclass(frozen=True, slots=True)
class Seen:
    """A problem over the rounds of a row: its name, its words the first time, and in how many rounds it was seen."""

    name: str
    detail: str
    rounds: int


@dataclass(frozen=True, slots=True)
class Row:
    """One stack under one scenario and load, over all its rounds.

    `estimates` has an entry for each metric that at least one round can vouch for; `voids` says, for each metric
    that some rounds have no figure of, why the first of them has none. `outcomes` are the distinct ones of the rounds;
    `problems` has each kind once.
    """

    stack: str
    scenario: str
    load: Load
    rounds: int
    estimates: Mapping[str, Estimate]
    voids: Mapping[str, Seen]
    outcomes: tuple[Outcome, ...]
    problems: tuple[Seen, ...]
    bounds: tuple[Bound, ...]
    ceiling_rps: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A stack that the profile keeps from the higher loads of a scenario, and what its slots allow at any load."""

    stack: str
    scenario: str
    max_users: int
    slots: int | None
    hold_s: float
    ceiling_rps: float | None


def rows(cells: Iterable[Cell], plan: Plan) -> tuple[Row, ...]:
    """A row for each stack, scenario and load that was recorded: scenarios, then loads, then stacks as planned."""
    groups: dict[tuple[str, Load, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, cell.load, cell.stack), []).append(cell)
    scenarios, stacks = list(plan.profile.loads), list(plan.profile.stacks)
    order = sorted(groups, key=lambda group: (scenarios.index(group[0]), group[1].users, stacks.index(group[2])))
    return tuple(_row(sorted(groups[group], key=lambda cell: cell.round), plan) for group in order)


def kept(plan: Plan) -> tuple[Kept, ...]:
    """The stacks with a highest load, under each scenario that has a load beyond it."""
    return tuple(
        Kept(
            stack,
            scenario,
            plan.profile.max_users[stack],
            plan.stacks[stack].slots,
            plan.scenarios[scenario].hold_s,
            slots_rps(plan.stacks[stack], plan.scenarios[scenario]),
        )
        for stack in plan.profile.stacks
        for scenario, loads in plan.profile.loads.items()
        if stack in plan.profile.max_users and any(load.users > plan.profile.max_users[stack] for load in loads)
    )


def unmeasured(found: Iterable[Row], plan: Plan) -> tuple[tuple[str, str, Load], ...]:
    """The (stack, scenario, load) that were planned and of which no round was recorded: the run ended early."""
    recorded = {(row.stack, row.scenario, row.load) for row in found}
    planned = (
        (stack, scenario, load)
        for scenario, loads in plan.profile.loads.items()
        for load in loads
        for stack in plan.profile.stacks
        if load.users <= plan.profile.max_users.get(stack, load.users)
    )
    return tuple(group for group in planned if group not in recorded)


def spread(found: Sequence[Row], metric: Metric) -> float:
    """How many times the largest figure of one stack is that of another stack, under whatever load; 1 of one stack."""
    figures = [(row.stack, row.estimates[metric.name].mean) for row in found if metric.name in row.estimates]
    return max((high / low for one, high in figures for other, low in figures if one != other), default=1.0)


def _row(cells: Sequence[Cell], plan: Plan) -> Row:
    estimates: dict[str, Estimate] = {}
    voids: dict[str, Seen] = {}
    for metric in METRICS:
        values = [value for cell in cells if (value := metric.value(cell)) is not None]
        found = estimate(values)
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
        bounds=tuple(
            dict.fromkeys(cell.ceiling.bound for cell in cells if cell.ceiling is not None and cell.ceiling.bound)
        ),
        ceiling_rps=slots_rps(plan.stacks[first.stack], plan.scenarios[first.scenario]),
    )


def _void(metric: Metric, cells: Sequence[Cell], rounds: int) -> Seen:
    """Why the first of the cells without this figure has none."""
    cell = next(cell for cell in cells if metric.value(cell) is None)
    if cell.outcome == "failed":
        return Seen("failed", next((problem.detail for problem in cell.problems), "it was not measured"), rounds)
    name = next((problem.name for problem in cell.problems if metric.figure in problem.voids), "no figure")
    return Seen(name, metric.void(cell) or f"the cell has no {metric.title}", rounds)


def _problems(cells: Sequence[Cell]) -> tuple[Seen, ...]:
    details: dict[str, list[str]] = {}
    for cell in cells:
        for problem in cell.problems:
            details.setdefault(problem.name, []).append(problem.detail)
    return tuple(Seen(name, seen[0], len(seen)) for name, seen in details.items())
