"""The evidence for one metric: the rounds of base and head that count, and what is decided without a test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.judge.cell.kinds import SERVICES_DOING
from bench.judge.cell.metrics import ERRORS, Metric
from bench.judge.gate.policy import PAIRED, UNPAIRED, Policy
from bench.judge.gate.verdict import Word
from bench.model.cell import SIDES, Cell, Measurement

MANY = 0.5
"""Where this share of the rounds is missing, the others do not represent all of them."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict that needs no test, and the reason for it."""

    verdict: Word
    because: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The measurements of base and head that have the metric; in an A/B the n-th of both come from the same restart.

    `values`: those of the metric in base and in head. Where an A/B compares pairs of slices, head's is that of base,
    changed as the pairs show. `ruling`: what is decided without a test. `doubt`: why head cannot pass or be improved;
    empty if it can. `left_out`: how many rounds are missing, and the reason of the first; empty if none is.
    """

    base: tuple[Measurement, ...] = ()
    head: tuple[Measurement, ...] = ()
    values: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    ruling: Ruling | None = None
    doubt: str = ""
    left_out: str = ""


def usable(metric: Metric, one: Measurement) -> float | None:
    """The metric's value if it can be compared: it is reliable and finite and, for a ratio, above 0. Else None."""
    value = metric.value(one)
    return value if value is not None and _compares(metric, value) else None


def _compares(metric: Metric, value: float) -> bool:
    return math.isfinite(value) and (metric.compared_by == "difference" or value > 0)


def _pair(metric: Metric, base: Measurement, head: Measurement) -> tuple[float, float] | None:
    """The values of both sides of a restart; None where they cannot be compared. Runs of before have no slices."""
    here, there = usable(metric, base), usable(metric, head)
    if here is None or there is None:
        return None
    if metric.name in PAIRED.changes and (base.slices or head.slices):
        change = PAIRED.changes[metric.name](base, head)
        if change is None:
            return None
        there = here * change if metric.compared_by == "ratio" else here + change
    return (here, there) if _compares(metric, there) else None


def missing_on_a_side(metric: Metric, cell: Cell) -> str:
    """Why the restart of an A/B's cell does not count: the first side without a usable value, and why; or nothing.

    A cell that failed has no such side.
    """
    if _failed(cell):
        return _missing(metric, cell.measurements[0])
    sides = zip(SIDES, cell.measurements, strict=True)
    reason = next((f"in {name}, {why}" for name, one in sides if (why := _missing(metric, one))), "")
    return reason or ("" if _pair(metric, *cell.measurements) is not None else "no pair of slices could be compared")


def paired(metric: Metric, cells: Sequence[Cell]) -> Evidence:
    """The evidence of an A/B's cells, one for each restart. A restart counts only if both sides have the metric.

    A failed cell does not show which side was the cause, so with one of these head cannot pass. A restart in which both
    services spoilt the metric shows no difference between them, and is no finding about either.
    """
    failed = [_missing(metric, cell.measurements[0]) if _failed(cell) else "" for cell in cells]
    missing = [missing_on_a_side(metric, cell) for cell in cells]
    used = [cell.measurements for cell, why in zip(cells, missing, strict=True) if not why]
    values = [both for base, head in used if (both := _pair(metric, base, head)) is not None]
    telling = [
        cell.measurements
        for cell in cells
        if not _failed(cell) and not all(_spoilt(metric, one) for one in cell.measurements)
    ]
    counted = Evidence(
        base=tuple(sides[0] for sides in used),
        head=tuple(sides[1] for sides in used),
        values=(tuple(base for base, _ in values), tuple(head for _, head in values)),
        doubt=_count(failed, "restarts failed"),
        left_out=_count(missing, "restarts"),
    )
    return _ruled(PAIRED, metric, counted, [sides[0] for sides in telling], [sides[1] for sides in telling])


def unpaired(metric: Metric, base: Sequence[Measurement], head: Sequence[Measurement]) -> Evidence:
    """The evidence of the rounds of two runs. Where rounds of head failed, head cannot pass."""
    missing = [[_missing(metric, one) for one in side] for side in (base, head)]
    left_out = (_count(why, f"rounds of {name}") for name, why in zip(SIDES, missing, strict=True))
    failed = [_missing(metric, one) if one.outcome == "failed" else "" for one in head]
    used, values = zip(*(_used(metric, side) for side in (base, head)), strict=True)
    counted = Evidence(
        base=used[0],
        head=used[1],
        values=values,
        doubt=_count(failed, "rounds of head failed"),
        left_out="; ".join(part for part in left_out if part),
    )
    return _ruled(UNPAIRED, metric, counted, base, head)


def _used(metric: Metric, side: Sequence[Measurement]) -> tuple[tuple[Measurement, ...], tuple[float, ...]]:
    """The measurements of a side that count, and their values."""
    found = [(one, value) for one in side if (value := usable(metric, one)) is not None]
    return tuple(one for one, _ in found), tuple(value for _, value in found)


def _ruled(
    policy: Policy, metric: Metric, counted: Evidence, base: Sequence[Measurement], head: Sequence[Measurement]
) -> Evidence:
    """The evidence that counts, unless what the services did decides without it.

    The rounds in which a service spoilt the metric (it was too slow to be measured, for one) are left out of the
    evidence, so the others look too good. If base spoilt half of its rounds or more, the others do not represent it:
    inconclusive. If head spoilt far more than base, it regressed; if it spoilt more than base, it cannot pass. If head
    alone has a bad outcome, even once, or has far more of them than base, its failed requests are a regression.
    """
    rounds = f"{policy.unit}s"
    here, there = ([_spoilt(metric, one) for one in side] for side in (base, head))
    lost, more = _share(here), _share(there) - _share(here)
    if lost >= MANY:
        why = f"base could not be measured in {_count(here, rounds)}"
        also = f" and head in {_count(there, rounds)}, each through its own fault"
        only = ", through its own fault, so there is too little to compare head with"
        return Evidence(ruling=Ruling("inconclusive", why + (also if any(there) else only)))
    spoilt = f"head could not be measured in {_count(there, rounds)}, through its own fault" if more > 0 else ""
    if more > MANY:
        others = f"base could not in {_count(here, rounds)}" if lost else "base could in all of them"
        return Evidence(ruling=Ruling("regressed", f"{spoilt}; {others}"))
    if metric.name == ERRORS.name:
        bad_base, bad_head = ([_bad(policy, one) for one in side] for side in (base, head))
        alone, far_more = any(bad_head) and not any(bad_base), _share(bad_head) - _share(bad_base) > MANY
        if alone or far_more:
            others = f"base was not in {_count(bad_base, rounds)}" if any(bad_base) else "base always was"
            why = f"head was not ok in {_count(bad_head, rounds)}; {others}"
            return replace(counted, ruling=Ruling("regressed", why))
    return replace(counted, doubt="; ".join(doubt for doubt in (counted.doubt, spoilt) if doubt))


def _spoilt(metric: Metric, one: Measurement) -> str:
    """Why the service itself left no usable value of the metric, or nothing.

    A value of 0 counts where higher is better: no ratio can be taken of it, and nothing is worse.
    """
    why = metric.void(one, SERVICES_DOING)
    if why is not None:
        return why or metric.title
    nothing = metric.better == "higher" and metric.value(one) == 0
    return f"{metric.title} was 0" if nothing else ""


def _bad(policy: Policy, one: Measurement) -> str:
    """The outcome and its first problem if it is a bad outcome, or nothing."""
    return f"{one.outcome}: {_first_problem(one)}" if one.outcome in policy.bad_outcomes else ""


def _missing(metric: Metric, one: Measurement) -> str:
    """Why the measurement has no usable value of the metric, or nothing."""
    if usable(metric, one) is not None:
        return ""
    value = metric.read(one)
    if value is None or metric.void(one) is not None:
        return metric.void(one) or _first_problem(one)
    return f"{metric.title} was {value:g}"


def _failed(cell: Cell) -> bool:
    return all(one.outcome == "failed" for one in cell.measurements)


def _first_problem(one: Measurement) -> str:
    return next((problem.detail or problem.name for problem in one.problems), "it was not measured")


def _share(reasons: Sequence[str]) -> float:
    return sum(map(bool, reasons)) / max(len(reasons), 1)


def _count(reasons: Sequence[str], rounds: str) -> str:
    """`2 of 10 restarts (first: ...)`: how many of the rounds have a reason, and the first; nothing where none has."""
    given = [reason for reason in reasons if reason]
    if not given:
        return ""
    return f"{len(given)} of {len(reasons)} {rounds} ({'first: ' if len(given) > 1 else ''}{given[0]})"
