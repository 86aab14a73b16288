"""From the evidence of a family to its findings: exact tests, Holm's correction, intervals and thresholds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.judge.cell.metrics import Metric
from bench.judge.gate import scale
from bench.judge.gate.design import Values
from bench.judge.gate.evidence import Evidence
from bench.judge.gate.looks import Levels
from bench.judge.gate.policy import MOST_ROUNDS, Policy
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import ContextFigure, Finding, Word
from bench.judge.stats.intervals import CONFIDENCE
from bench.judge.stats.significance import holm
from bench.model.config import Load

TAIL = (1 - CONFIDENCE) / 2
"""The chance that the true value lies beyond one end of an interval."""

ONE_SIDED = 2 * CONFIDENCE - 1
"""Each end of an interval with this confidence is a bound with CONFIDENCE."""


@dataclass(frozen=True, slots=True)
class Member:
    """A metric of a stack under one scenario and load, and the evidence that it is judged by."""

    stack: str
    scenario: str
    load: Load
    metric: Metric
    evidence: Evidence
    beside: tuple[ContextFigure, ...] = ()
    control: bool = False


@dataclass(frozen=True, slots=True)
class _Compared:
    """The values of a member's rounds, and how much worse head is on the scale: the mean and its 95 % interval.

    `least` and `most`: one-sided bounds of it. The p: for worse, for better, and for less than the tolerance worse.
    """

    base: Values
    head: Values
    mean: float
    low: float
    high: float
    least: float
    most: float
    deviation: float
    p_worse: float
    p_better: float
    p_tolerated: float


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is the same for a whole family: `tests`, their number, and `level`, what one p must not exceed.

    `fewest`: the fewest rounds with which a p can reach that level; None where no number is known to be enough.
    """

    policy: Policy
    gate: Gate
    levels: Levels
    tests: int
    level: float
    fewest: int | None


def findings(members: Sequence[Member], policy: Policy, gate: Gate, levels: Levels) -> tuple[Finding, ...]:
    """The finding of each member of one family. One that could not be tested counts in the family all the same."""
    if not members:
        return ()
    tests, level = len(members), levels.regressed
    terms = _Terms(policy, gate, levels, tests, level / tests, policy.least_rounds(tests, level))
    compared = [_compare(member, policy, gate) for member in members]
    worse = holm([1.0 if one is None else one.p_worse for one in compared])
    better = holm([1.0 if one is None else one.p_better for one in compared])
    found = []
    for member, one, p_worse, p_better in zip(members, compared, worse, better, strict=True):
        finding = _figures(member, one, gate)
        if one is not None:
            finding = _tested(finding, replace(one, p_worse=p_worse, p_better=p_better), terms)
        found.append(_ruled(finding, member.evidence))
    return tuple(found)


def shown(members: Sequence[Member], policy: Policy, gate: Gate) -> tuple[Finding, ...]:
    """The changes and intervals of members that are not gated, without a verdict."""
    return tuple(_figures(member, _compare(member, policy, gate), gate) for member in members)


def _compare(member: Member, policy: Policy, gate: Gate) -> _Compared | None:
    """None where a side has no values."""
    metric, values, design = member.metric, member.evidence.values, policy.design
    if not all(values):
        return None
    base, head = ([scale.scaled(metric, value) for value in side] for side in values)
    mean, low, high = design.interval(head, base)
    _, least, most = design.interval(head, base, ONE_SIDED)
    tolerance = scale.distance(metric, gate.tolerance(metric))
    return _Compared(
        base=values[0],
        head=values[1],
        mean=mean,
        low=low,
        high=high,
        least=least,
        most=most,
        deviation=design.deviation(head, base),
        p_worse=design.p(head, base),
        p_better=design.p(base, head),
        p_tolerated=design.p([value + tolerance for value in base], head),
    )


def _figures(member: Member, compared: _Compared | None, gate: Gate) -> Finding:
    """The finding without a verdict."""
    metric, evidence = member.metric, member.evidence
    finding = Finding(
        stack=member.stack,
        scenario=member.scenario,
        load=member.load,
        metric=metric,
        verdict="not gated",
        threshold=gate.threshold(metric),
        tolerance=gate.tolerance(metric),
        because="" if evidence.ruling is None else evidence.ruling.because,
        left_out=evidence.left_out,
        control=member.control,
    )
    if compared is None:
        return finding
    return replace(
        finding,
        base=scale.mean(metric, compared.base),
        head=scale.mean(metric, compared.head),
        change=scale.change(metric, compared.mean, compared.low, compared.high),
        at_most=scale.undistance(metric, compared.most),
        rounds=(len(compared.base), len(compared.head)),
        beside=member.beside,
    )


def _tested(finding: Finding, compared: _Compared, terms: _Terms) -> Finding:
    """The finding with the verdict of its tests and its interval; `compared` has the adjusted p."""
    threshold = scale.distance(finding.metric, finding.threshold)
    head, base, design = len(compared.head), len(compared.base), terms.policy.design
    enough = design.least_p(head, base) <= terms.level
    level = min(TAIL, terms.level)
    reach = design.detectable(compared.deviation, head, base, level, threshold) if enough else math.inf
    tolerance = scale.distance(finding.metric, finding.tolerance)
    word = _word(compared, threshold, tolerance, terms, enough=enough)
    return replace(
        finding,
        verdict=word,
        p=compared.p_worse if compared.mean >= 0 else compared.p_better,
        excess=_excess(compared.mean, threshold),
        detectable=scale.plain(finding.metric, reach),
        needed=_needed(compared, threshold, tolerance, terms) if word == "inconclusive" else None,
        because=_too_few(base, head, terms) if word == "inconclusive" and not enough else finding.because,
    )


def _word(compared: _Compared, threshold: float, tolerance: float, terms: _Terms, *, enough: bool) -> Word:
    """Regressed and improved need the test and the whole interval. With a NaN nothing is shown: inconclusive."""
    if enough and compared.p_worse <= terms.levels.regressed and compared.low > threshold:
        return "regressed"
    if enough and compared.p_better <= terms.levels.regressed and compared.high < -threshold:
        return "improved"
    if terms.policy.tolerant:
        bounded = compared.least <= threshold and compared.most <= tolerance
        passes = bounded and compared.p_tolerated <= terms.levels.passed
    else:
        passes = compared.low >= -threshold and compared.high <= threshold
    return "passed" if passes else "inconclusive"


def _excess(mean: float, threshold: float) -> float:
    if threshold:
        return mean / threshold
    return math.copysign(math.inf, mean) if mean else 0.0


def _needed(compared: _Compared, threshold: float, tolerance: float, terms: _Terms) -> int | None:
    """The fewest rounds that would show the observed change to be beyond the threshold, or that head passes."""
    if terms.fewest is None or math.isnan(compared.deviation):
        return terms.fewest
    design, least = terms.policy.design, max(terms.fewest, 2)
    if terms.policy.tolerant and compared.mean <= threshold:
        return design.needed(compared.deviation, tolerance - compared.mean, terms.levels.passed, least)
    margin = abs(compared.mean) - threshold
    return design.needed(compared.deviation, abs(margin), min(TAIL, terms.level) if margin > 0 else TAIL, least)


def _too_few(base: int, head: int, terms: _Terms) -> str:
    unit = terms.policy.unit
    have = _counted(head, unit) if base == head else f"{_counted(base, unit)} of base and {head} of head"
    wanted = f"at least {terms.fewest}" if terms.fewest is not None else f"more than {MOST_ROUNDS}"
    family = f"a family of {_counted(terms.tests, 'test')}"
    few = "is too few" if head == base == 1 else "are too few"
    return f"{have} {few}: {family} needs {wanted} at alpha {terms.levels.regressed:g}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _ruled(finding: Finding, evidence: Evidence) -> Finding:
    """The finding after what the evidence decides without a test."""
    if evidence.ruling is not None:
        return replace(finding, verdict=evidence.ruling.verdict, because=evidence.ruling.because, needed=None)
    if finding.change is None:
        left_out = f"; left out: {evidence.left_out}" if evidence.left_out else ": nothing was recorded"
        return replace(finding, verdict="inconclusive", because=f"there is nothing to compare{left_out}")
    if evidence.doubt and finding.verdict in {"improved", "passed"}:
        return replace(finding, verdict="inconclusive", because=f"{evidence.doubt}, so head cannot pass")
    return finding
