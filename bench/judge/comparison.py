"""Cells side by side: the rounds of one stack, scenario and load joined into a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.ceiling import slots_rps
from bench.judge.metrics import METRICS
from bench.judge.stats import Estimate, estimate
from bench.model import Bound, Cell, Load, Outcome, Plan


@dataclass(frozen=True, slots=True)
class Row:
    """One stack under one scenario and load, over all its rounds.

    `estimates` has an entry for each metric that at least one round can vouch for; `voids` says, for each metric
    that some rounds cannot, why. `outcomes` are the distinct ones of the rounds; `problems` has each kind once, with
    the rounds that it was seen in.
    """

    stack: str
    scenario: str
    load: Load
    rounds: int
    estimates: Mapping[str, Estimate]
    voids: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]
    bounds: tuple[Bound, ...]
    ceiling_rps: float | None


def rows(cells: Iterable[Cell], plan: Plan) -> tuple[Row, ...]:
    """A row for each stack, scenario and load that was recorded: scenarios, then loads, then stacks as planned."""
    groups: dict[tuple[str, Load, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.scenario, cell.load, cell.stack), []).append(cell)
    scenarios, stacks = list(plan.profile.loads), list(plan.profile.stacks)
    order = sorted(groups, key=lambda group: (scenarios.index(group[0]), group[1].users, stacks.index(group[2])))
    return tuple(_row(sorted(groups[group], key=lambda cell: cell.round), plan) for group in order)


def _row(cells: Sequence[Cell], plan: Plan) -> Row:
    estimates: dict[str, Estimate] = {}
    voids: dict[str, str] = {}
    for metric in METRICS:
        found = estimate([value for cell in cells if (value := metric.value(cell)) is not None])
        if found is not None:
            estimates[metric.name] = found
        reasons = [reason for cell in cells if (reason := metric.void(cell)) is not None]
        if reasons:
            voids[metric.name] = reasons[0]
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


def _problems(cells: Sequence[Cell]) -> tuple[str, ...]:
    details: dict[str, list[str]] = {}
    for cell in cells:
        for problem in cell.problems:
            details.setdefault(problem.name, []).append(problem.detail)
    return tuple(f"{name} ({len(seen)} of {len(cells)} rounds): {seen[0]}" for name, seen in details.items())
