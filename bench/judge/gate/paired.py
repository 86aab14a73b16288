"""The verdict on an A/B: base and head ran side by side in each restart, so every restart is a pair."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from bench.judge.cell.metrics import MEAN
from bench.judge.cell.problems import DISTURBED_SHARE
from bench.judge.cell.wrong_answers import first_of_each
from bench.judge.gate import evidence
from bench.judge.gate.context import context_figures
from bench.judge.gate.counted import of_counts
from bench.judge.gate.decision import Member, findings, shown
from bench.judge.gate.looks import levels
from bench.judge.gate.policy import PAIRED
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Side, Verdict, overall, unused, with_counts
from bench.model.cell import Cell
from bench.model.run import AB, Gated, Revision, Run
from bench.units import percent


def judge_paired(run: Run, gate: Gate) -> Judgement:
    """The verdict on an A/B run, by the family that it declared: that of the first look that decides, or at its end.

    ValueError for a run that is not an A/B; LookupError where the family names a metric, stack or scenario that the run
    does not know.
    """
    if run.ab is None:
        raise ValueError(f"run {run.id} is not an A/B")
    if run.ab.unchanged:
        base, head = _side(run.ab.base), _side(run.ab.head)
        return Judgement(
            "no regression", (), PAIRED.unit, base, head, gate, gate.alpha, unchanged=True, notes=run.notes
        )
    recorded = len({cell.round for cell in run.cells})
    for look in run.ab.looks:
        if look < recorded:
            found = _judged(run, run.ab, gate, look)
            if found.decided is not None:
                return found
    return _judged(run, run.ab, gate, recorded)


def _judged(run: Run, ab: AB, gate: Gate, restarts: int) -> Judgement:
    """The verdict on the first restarts."""
    run = replace(run, cells=tuple(cell for cell in run.cells if cell.round <= restarts))
    controls, identical = _controls(ab, run.config.profile.stacks)
    level = levels(len(ab.looks) or 1, gate.alpha)
    found = findings([_member(run, one, controls) for one in ab.family], PAIRED, gate, level)
    counted = tuple(of_counts(ab.instructions, gate, controls))
    verdict, deciding, moved = with_counts(overall(found), counted)
    return Judgement(
        verdict=verdict,
        deciding=deciding,
        unit=PAIRED.unit,
        base=_side(ab.base),
        head=_side(ab.head),
        gate=gate,
        alpha=level.regressed,
        findings=found,
        ungated=shown([_member(run, one, controls) for one in _others(run.cells, ab)], PAIRED, gate),
        controls=controls,
        moved=moved,
        identical=identical,
        notes=(*run.notes, *_ended_early(ab, restarts, verdict), *_disturbed(run), *unused(gate, (*found, *counted))),
        wrong_answers=(first_of_each(run.cells, 0), first_of_each(run.cells, 1)),
        looks=ab.looks,
        decided=restarts if verdict != "inconclusive" else None,
        counted=counted,
    )


def _controls(ab: AB, stacks: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The stacks whose code is the same in base and head, and whether all stacks are: then none is a control."""
    same = tuple(
        stack
        for stack in stacks
        if stack in ab.base.code
        and ab.base.code[stack] == ab.head.code.get(stack)
        and ab.base.lock_sha256 == ab.head.lock_sha256
    )
    identical = len(same) == len(stacks)
    return (() if identical else same), identical


def _member(run: Run, one: Gated, controls: Sequence[str]) -> Member:
    metric, scenario = PAIRED.metrics[one.metric], run.config.scenarios[one.scenario]
    cells = [
        cell for cell in run.cells if (cell.stack, cell.scenario, cell.load) == (one.stack, one.scenario, one.load)
    ]
    found = evidence.paired(metric, sorted(cells, key=lambda cell: cell.round))
    return Member(
        one.stack,
        one.scenario,
        one.load,
        metric,
        found,
        beside=context_figures(PAIRED.context.get(metric.name, ()), found.base, found.head, scenario),
        control=one.stack in controls,
    )


def _others(cells: Sequence[Cell], ab: AB) -> list[Gated]:
    """What was measured but is not in the family, without plain means."""
    places = dict.fromkeys((cell.stack, cell.scenario, cell.load) for cell in cells)
    every = (Gated(*place, name) for place in places for name in PAIRED.metrics if not name.endswith(MEAN))
    family = frozenset(ab.family)
    return [one for one in every if one not in family]


def _ended_early(ab: AB, restarts: int, verdict: Verdict) -> Iterator[str]:
    planned = max(ab.looks, default=restarts)
    if restarts < planned and verdict == "inconclusive":
        yield f"The session ended early: {restarts} of {planned} restarts were recorded."


def _disturbed(run: Run) -> Iterator[str]:
    """How much the hypervisor and other programs took of the server's cores, and how many slices are left out."""
    shares = [
        one.disturbed
        for cell in run.cells
        for side in cell.measurements
        for one in side.slices
        if one.disturbed is not None
    ]
    if shares:
        spoilt = sum(share > DISTURBED_SHARE for share in shares)
        yield (
            f"The hypervisor and other programs took {percent(fmean(shares))} of the server's cores on average. "
            f"{spoilt} of {len(shares)} slices, in which it was more than {percent(DISTURBED_SHARE)}, are left out."
        )


def _side(revision: Revision) -> Side:
    return Side(revision.ref, revision.commit, revision.dirty)
