"""An A/B judged: both revisions lived side by side in each restart, so every restart is a pair."""

import math
import statistics
from collections.abc import Sequence

from bench.judge.cell.metrics import PAIRED
from bench.judge.gate import context, evidence
from bench.judge.gate.decision import Design, Member, findings, shown
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Side, overall, unused
from bench.judge.stats.intervals import mean_interval
from bench.judge.stats.significance import MOST_FLIPPED, detectable, least_sign_flip_p, needed, sign_flip_p
from bench.model.cell import Cell
from bench.model.run import AB, Gated, Revision, Run


def judge_paired(run: Run, gate: Gate) -> Judgement:
    """The verdict on an A/B run, by the family that it declared. ValueError for a run that is no A/B.

    LookupError where the family names a metric, stack or scenario that the run does not know.
    """
    if run.ab is None:
        raise ValueError(f"run {run.id} is no A/B")
    controls, identical = _controls(run.ab, run.config.profile.stacks)
    found = findings([_member(run, one, controls) for one in run.ab.family], DESIGN, gate)
    verdict, deciding, moved = overall(found)
    return Judgement(
        verdict=verdict,
        deciding=deciding,
        unit=DESIGN.unit,
        base=_side(run.ab.base),
        head=_side(run.ab.head),
        gate=gate,
        findings=found,
        ungated=shown([_member(run, one, controls) for one in _others(run.cells, run.ab)], DESIGN, gate),
        controls=controls,
        moved=moved,
        identical=identical,
        notes=(*run.notes, *_short(run), *unused(gate, found)),
    )


def _controls(ab: AB, stacks: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The stacks that the change does not touch, and whether it touches none: then none of them is a control."""
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
    metric = PAIRED[one.metric]
    cells = [
        cell for cell in run.cells if (cell.stack, cell.scenario, cell.load) == (one.stack, one.scenario, one.load)
    ]
    seen = evidence.paired(metric, sorted(cells, key=lambda cell: cell.round))
    return Member(
        one.stack,
        one.scenario,
        one.load,
        metric,
        seen,
        beside=context.companions(context.PAIRED, metric, seen, run.config.scenarios[one.scenario]),
        control=one.stack in controls,
    )


def _others(cells: Sequence[Cell], ab: AB) -> list[Gated]:
    """What was measured and is not in the family."""
    places = dict.fromkeys((cell.stack, cell.scenario, cell.load) for cell in cells)
    every = (Gated(*place, name) for place in places for name in PAIRED)
    return [one for one in every if one not in ab.family]


def _short(run: Run) -> tuple[str, ...]:
    recorded, planned = len({cell.round for cell in run.cells}), run.config.profile.rounds
    return () if recorded >= planned else (f"The session ended early: {recorded} of {planned} restarts were recorded.",)


def _side(revision: Revision) -> Side:
    return Side(revision.ref, revision.commit, revision.dirty)


def _differences(head: Sequence[float], base: Sequence[float]) -> list[float]:
    return [ours - theirs for ours, theirs in zip(head, base, strict=True)]


def _p(head: Sequence[float], base: Sequence[float]) -> float:
    """The p of a sign-flip test; of more pairs than it takes, every 24th is flipped together, which is as exact."""
    found = _differences(head, base)
    return sign_flip_p([math.fsum(found[place::MOST_FLIPPED]) for place in range(min(len(found), MOST_FLIPPED))])


def _deviation(head: Sequence[float], base: Sequence[float]) -> float:
    return statistics.stdev(_differences(head, base)) if len(head) > 1 else math.nan


DESIGN = Design(
    unit="restart",
    p=_p,
    interval=lambda head, base: mean_interval(_differences(head, base)),
    deviation=_deviation,
    least_p=lambda head, _: least_sign_flip_p(min(head, MOST_FLIPPED)),
    detectable=lambda deviation, head, _, level, threshold: detectable(deviation, head, level, threshold),
    needed=lambda deviation, margin, level, least: needed(deviation, margin, level, least=least),
    equal_anyway=False,
)
