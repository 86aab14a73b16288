"""Counting instructions: of one side, or of base and head with their changes."""

from collections.abc import Sequence
from pathlib import Path

from bench.judge.instructions.changes import Changes, Counts, compared
from bench.model.cell import SIDES
from bench.model.config import Plan
from bench.run.host.signals import StopRequest
from bench.run.session.counting import Case, Counting, Tell, cases, counting
from bench.run.testbed.inprocess import InPlace
from bench.run.testbed.revisions import Checkout, checked_out

LAYOUTS = (1, 2)
"""The other layouts of memory, for a change that is doubtful."""

BASE, HEAD = SIDES


def count(plan: Plan, cpus: Sequence[int], stop: StopRequest, tell: Tell) -> Counts:
    """The instructions with the files as they lie there. Raises as `counting` does."""
    with counting(plan, {HEAD: InPlace()}, cpus, stop, tell) as session:
        return Counts(None, tuple(session.count(list(cases(plan, HEAD)))))


def compare(
    plan: Plan,
    repository: Path,
    revisions: tuple[str, str],
    cpus: Sequence[int],
    stop: StopRequest,
    tell: Tell,
    gate: float | None = None,
) -> Changes:
    """The changes from base to head, two revisions of a repository. Raises as `counting` and `checked_out` do."""
    with checked_out(repository, *revisions) as sides:
        return compare_checkouts(plan, sides, cpus, stop, tell, gate)


def compare_checkouts(
    plan: Plan,
    sides: tuple[Checkout, Checkout],
    cpus: Sequence[int],
    stop: StopRequest,
    tell: Tell,
    gate: float | None = None,
) -> Changes:
    """The changes from base to head, which are checked out; `gate`: as of `compared`. Raises as `counting` does."""
    with counting(plan, dict(zip(SIDES, sides, strict=True)), cpus, stop, tell) as session:
        own = [list(cases(plan, side)) for side in SIDES]
        found = session.count(own[0] + own[1])
        base, head = found[: len(own[0])], found[len(own[0]) :]
        before, after = (Counts(side.revision, tuple(one)) for side, one in zip(sides, (base, head), strict=True))
        changes = compared(before, after, gate)
        return _in_other_layouts(session, changes, tell) if changes.doubtful else changes


def _in_other_layouts(session: Counting, changes: Changes, tell: Tell) -> Changes:
    """The changes, the doubtful ones counted in other layouts of memory too."""
    tell(f"beyond the gate, so counted again in {len(LAYOUTS)} other layouts of memory; the median counts:")
    again = [Case(side, *place, layout) for place in changes.doubtful for layout in LAYOUTS for side in SIDES]
    counted = dict(zip(again, session.count(again), strict=True))
    return changes.with_layouts(
        {
            place: [(counted[Case(BASE, *place, layout)], counted[Case(HEAD, *place, layout)]) for layout in LAYOUTS]
            for place in changes.doubtful
        }
    )
