"""The verdict on an A/B: base and head ran side by side in each restart, so every restart is a pair."""

from collections.abc import Sequence

from bench.judge.cell.wrong_answers import first_of_each
from bench.judge.gate import evidence
from bench.judge.gate.context import context_figures
from bench.judge.gate.decision import Member, findings, shown
from bench.judge.gate.policy import PAIRED
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Side, overall, unused
from bench.model.cell import Cell
from bench.model.run import AB, Gated, Revision, Run


def judge_paired(run: Run, gate: Gate) -> Judgement:
    """The verdict on an A/B run, from the family that it declared. ValueError for a run that is not an A/B.

    LookupError where the family names a metric, stack or scenario that the run does not know.
    """
    if run.ab is None:
        raise ValueError(f"run {run.id} is not an A/B")
    controls, identical = _controls(run.ab, run.config.profile.stacks)
    found = findings([_member(run, one, controls) for one in run.ab.family], PAIRED, gate)
    verdict, deciding, moved = overall(found)
    return Judgement(
        verdict=verdict,
        deciding=deciding,
        unit=PAIRED.unit,
        base=_side(run.ab.base),
        head=_side(run.ab.head),
        gate=gate,
        findings=found,
        ungated=shown([_member(run, one, controls) for one in _others(run.cells, run.ab)], PAIRED, gate),
        controls=controls,
        moved=moved,
        identical=identical,
        notes=(*run.notes, *_ended_early(run), *unused(gate, found)),
        wrong_answers=(first_of_each(run.cells, 0), first_of_each(run.cells, 1)),
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
    """What was measured but is not in the family."""
    places = dict.fromkeys((cell.stack, cell.scenario, cell.load) for cell in cells)
    every = (Gated(*place, name) for place in places for name in PAIRED.metrics)
    family = frozenset(ab.family)
    return [one for one in every if one not in family]


def _ended_early(run: Run) -> tuple[str, ...]:
    recorded, planned = len({cell.round for cell in run.cells}), run.config.profile.rounds
    return () if recorded >= planned else (f"The session ended early: {recorded} of {planned} restarts were recorded.",)


def _side(revision: Revision) -> Side:
    return Side(revision.ref, revision.commit, revision.dirty)
