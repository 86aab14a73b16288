"""Whether a run that was read can be one: what it names is planned, nothing is in it twice, its size is usual."""

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

from bench.errors import BenchError, cut
from bench.judge.cell.metrics import PAIRED
from bench.model.cell import SIDES, Cell
from bench.model.instructions import Counted
from bench.model.loads import amount, load_name
from bench.model.run import AB, MOST_CELLS, Run

MOST_TESTS = 1000
"""The largest family of an A/B's tests."""

MOST_NOTES = 1000
MOST_PROBLEMS = 100
"""Of a cell: it has each kind once, and there are far fewer kinds."""

LONGEST_NAME = 400
"""Characters. Names in bench.toml have at most 80; a variant's has its settings as well."""


def check(run: Run, folder: Path) -> None:
    """Raise BenchError, with the first thing that is wrong, where the run cannot be one."""
    wrong = next(_wrong(run), None)
    if wrong is not None:
        raise BenchError(f"{folder}/run.json is damaged: {wrong}")


def _wrong(run: Run) -> Iterator[str]:
    yield from _plan(run)
    yield from _cells(run)
    yield from _family(run)


def _plan(run: Run) -> Iterator[str]:
    """What is wrong with the plan; its size comes first, because what follows takes longer the larger it is."""
    plan, profile = run.config, run.config.profile
    planned = len(profile.stacks) * sum(map(len, profile.loads.values()))
    for number, what, most in (
        (len(profile.stacks), "stacks", MOST_CELLS),
        (planned, "combinations of stack and load", MOST_CELLS),
        (len(run.cells), "cells", MOST_CELLS),
        (len(run.notes), "notes", MOST_NOTES),
    ):
        if number > most:
            yield f"it has {number} {what}, and a run has at most {most}"
    for name in (profile.name, run.id, *profile.stacks, *profile.loads):
        if len(name) > LONGEST_NAME:
            yield f"a name in it has {len(name)} characters, and the longest has {LONGEST_NAME}: {cut(name, 40)}"
    stacks = frozenset(profile.stacks)
    for name in (*profile.stacks, *(profile.compare or ())):
        if name not in plan.stacks or name not in stacks:
            yield f"its profile has no stack {cut(name, 80)!r}"
    for name in profile.loads:
        if name not in plan.scenarios:
            yield f"it has no scenario {cut(name, 80)!r}"
    if any(amount(load) <= 0 for loads in profile.loads.values() for load in loads):
        yield "it has a load of nothing"


def _cells(run: Run) -> Iterator[str]:
    stacks, scenarios = frozenset(run.config.profile.stacks), frozenset(run.config.profile.loads)
    servers = 1 if run.ab is None else len(SIDES)
    for cell in run.cells:
        if cell.stack not in stacks or cell.scenario not in scenarios:
            yield f"cell {cell.order} is of a stack or scenario not planned"
        if len(cell.measurements) != servers:
            yield f"cell {cell.order} has {len(cell.measurements)} measurements, not {servers}"
        problems = sum(len(one.problems) for one in cell.measurements)
        if problems > MOST_PROBLEMS:
            yield f"cell {cell.order} has {problems} problems, and a cell has at most {MOST_PROBLEMS}"
        if amount(cell.load) <= 0:
            yield f"cell {cell.order} has a load of nothing"
    twice = _twice([(cell.stack, cell.scenario, cell.load, cell.round) for cell in run.cells])
    if twice is not None:
        yield f"two of its cells are of {_place(run.cells[twice])}"


def _family(run: Run) -> Iterator[str]:
    if run.ab is None:
        return
    profile, family = run.config.profile, run.ab.family
    if len(family) > MOST_TESTS:
        yield f"its family has {len(family)} tests, and a family has at most {MOST_TESTS}"
    for one in family:
        if one.stack not in profile.stacks or one.scenario not in profile.loads or one.metric not in PAIRED:
            yield f"the family's {cut(one.metric, 80)} of {cut(one.stack, 80)} was not planned"
    if _twice(family) is not None:
        yield "its family has a test twice"
    if any(min(one.requests, one.instructions) <= 0 for one in _counts(run.ab)):
        yield "it has a count of instructions of nothing"


def _counts(ab: AB) -> Iterator[Counted]:
    for pair in ab.instructions:
        for both in ((pair.base, pair.head), *pair.again):
            yield from both


def _place(cell: Cell) -> str:
    return f"round {cell.round} of {cut(cell.stack, 80)}, {cut(cell.scenario, 80)}, {load_name(cell.load)}"


def _twice(values: Sequence[Hashable]) -> int | None:
    """The place of the first value that an earlier one equals."""
    seen: set[Hashable] = set()
    for place, value in enumerate(values):
        if value in seen:
            return place
        seen.add(value)
    return None
