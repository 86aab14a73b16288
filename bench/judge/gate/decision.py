"""From the evidence of a whole family to its findings: tests, Holm's correction, intervals and thresholds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.judge.cell.metrics import Metric
from bench.judge.gate import scale
from bench.judge.gate.evidence import Evidence, usable
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Beside, Finding, Word
from bench.judge.stats.intervals import CONFIDENCE
from bench.judge.stats.significance import holm
from bench.model.config import Load

TAIL = (1 - CONFIDENCE) / 2
"""The chance of being wrong at one end of an interval."""

MOST_ROUNDS = 1000
_NOTHING = "nothing was recorded"

_Values = Sequence[float]


@dataclass(frozen=True, slots=True)
class Design:
    """How rounds of head are held against rounds of base, on the common scale: in pairs or not.

    `p` (head, base): one-sided, small where head is the larger; `interval` (head, base): mean, low and high of how much
    larger; `deviation` (head, base): that of one round, NaN where too few tell. `least_p`: the smallest p of so many
    rounds of head and of base. `detectable` (deviation, head, base, level, threshold) and `needed` (deviation, margin,
    level, least): see significance.py. `equal_anyway`: whether an interval may say equivalent where the rounds are too
    few for a test.
    """

    unit: Literal["restart", "round"]
    p: Callable[[_Values, _Values], float]
    interval: Callable[[_Values, _Values], tuple[float, float, float]]
    deviation: Callable[[_Values, _Values], float]
    least_p: Callable[[int, int], float]
    detectable: Callable[[float, int, int, float, float], float]
    needed: Callable[[float, float, float, int], int | None]
    equal_anyway: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One figure to be judged, and what there is to judge it by."""

    stack: str
    scenario: str
    load: Load
    metric: Metric
    evidence: Evidence
    beside: tuple[Beside, ...] = ()
    control: bool = False


@dataclass(frozen=True, slots=True)
class _Tried:
    """A member with rounds on both sides: its values, how much worse head is on the scale, and the p of either way."""

    base: _Values
    head: _Values
    mean: float
    low: float
    high: float
    deviation: float
    p_worse: float
    p_better: float


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for a whole family: alpha, its size, and the fewest rounds whose least p is small enough for it.

    `level`: what one of its tests must come down to; `fewest` is None where no number of rounds is enough.
    """

    alpha: float
    family: int
    level: float
    fewest: int | None


def findings(members: Sequence[Member], design: Design, gate: Gate) -> tuple[Finding, ...]:
    """What came of each member of one family; one that could not be tested counts in it all the same."""
    if not members:
        return ()
    terms = _terms(len(members), design, gate)
    tried = [_try(member, design) for member in members]
    worse = holm([1.0 if one is None else one.p_worse for one in tried])
    better = holm([1.0 if one is None else one.p_better for one in tried])
    found = []
    for member, one, p_worse, p_better in zip(members, tried, worse, better, strict=True):
        finding = _figures(member, one, gate)
        if one is not None:
            adjusted = replace(one, p_worse=p_worse, p_better=p_better)
            finding = _tested(finding, adjusted, design, terms)
        found.append(_ruled(finding, member.evidence))
    return tuple(found)


def shown(members: Sequence[Member], design: Design, gate: Gate) -> tuple[Finding, ...]:
    """The figures of members that are not gated: changes and intervals without a verdict."""
    return tuple(_figures(member, _try(member, design), gate) for member in members)


def _terms(family: int, design: Design, gate: Gate) -> _Terms:
    level = gate.alpha / family
    fewest = next((number for number in range(1, MOST_ROUNDS) if design.least_p(number, number) <= level), None)
    return _Terms(gate.alpha, family, min(TAIL, level), fewest)


def _try(member: Member, design: Design) -> _Tried | None:
    """None where there is nothing to try."""
    metric, evidence = member.metric, member.evidence
    values = [
        [value for seen in side if (value := usable(metric, seen)) is not None]
        for side in (evidence.base, evidence.head)
    ]
    if not all(values):
        return None
    base, head = ([scale.scaled(metric, value) for value in side] for side in values)
    mean, low, high = design.interval(head, base)
    return _Tried(
        base=values[0],
        head=values[1],
        mean=mean,
        low=low,
        high=high,
        deviation=design.deviation(head, base),
        p_worse=design.p(head, base),
        p_better=design.p(base, head),
    )


def _figures(member: Member, tried: _Tried | None, gate: Gate) -> Finding:
    """The finding before anything is decided."""
    metric, evidence = member.metric, member.evidence
    finding = Finding(
        stack=member.stack,
        scenario=member.scenario,
        load=member.load,
        metric=metric,
        verdict="not gated",
        threshold=gate.threshold(metric),
        because="" if evidence.ruling is None else evidence.ruling.because,
        left_out=evidence.left_out,
        control=member.control,
    )
    if tried is None:
        return finding
    return replace(
        finding,
        base=scale.mean(metric, tried.base),
        head=scale.mean(metric, tried.head),
        change=scale.change(metric, tried.mean, tried.low, tried.high),
        rounds=(len(tried.base), len(tried.head)),
        beside=member.beside,
    )


def _tested(finding: Finding, tried: _Tried, design: Design, terms: _Terms) -> Finding:
    """The finding with what the tests of its family make of it."""
    threshold = scale.distance(finding.metric, finding.threshold)
    head, base = len(tried.head), len(tried.base)
    enough = design.least_p(head, base) <= terms.alpha / terms.family
    word = _word(tried, threshold, terms.alpha, enough=enough, equal_anyway=design.equal_anyway)
    reach = design.detectable(tried.deviation, head, base, terms.level, threshold) if enough else math.inf
    return replace(
        finding,
        verdict=word,
        p=tried.p_worse if tried.mean >= 0 else tried.p_better,
        excess=_excess(tried.mean, threshold),
        detectable=scale.plain(finding.metric, reach),
        needed=_needed(tried, threshold, design, terms) if word == "inconclusive" else None,
        because=_too_few(tried, design, terms) if word == "inconclusive" and not enough else finding.because,
    )


def _word(tried: _Tried, threshold: float, alpha: float, *, enough: bool, equal_anyway: bool) -> Word:
    """Regressed and improved need the test and the whole interval; a NaN says nothing, so it is inconclusive."""
    if enough and tried.p_worse <= alpha and tried.low > threshold:
        return "regressed"
    if enough and tried.p_better <= alpha and tried.high < -threshold:
        return "improved"
    if (enough or equal_anyway) and tried.low >= -threshold and tried.high <= threshold:
        return "equivalent"
    return "inconclusive"


def _excess(mean: float, threshold: float) -> float:
    if threshold:
        return mean / threshold
    return math.copysign(math.inf, mean) if mean else 0.0


def _needed(tried: _Tried, threshold: float, design: Design, terms: _Terms) -> int | None:
    """The fewest rounds that would show what was seen to be more than the threshold, or less."""
    if terms.fewest is None or math.isnan(tried.deviation):
        return terms.fewest
    margin = abs(tried.mean) - threshold
    return design.needed(tried.deviation, abs(margin), terms.level if margin > 0 else TAIL, max(terms.fewest, 2))


def _too_few(tried: _Tried, design: Design, terms: _Terms) -> str:
    base, head = len(tried.base), len(tried.head)
    have = _counted(head, design.unit) if base == head else f"{_counted(base, design.unit)} of base and {head} of head"
    wanted = f"at least {terms.fewest}" if terms.fewest is not None else f"more than {MOST_ROUNDS}"
    family = f"a family of {_counted(terms.family, 'test')}"
    return f"{have} {'is' if head == base == 1 else 'are'} too few: {family} needs {wanted} at alpha {terms.alpha:g}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _ruled(finding: Finding, evidence: Evidence) -> Finding:
    """The finding once it is looked at what no test can know."""
    if evidence.ruling is not None:
        return replace(finding, verdict=evidence.ruling.verdict, because=evidence.ruling.because, needed=None)
    if finding.change is None:
        return replace(finding, verdict="inconclusive", because=f"no figure: {evidence.left_out or _NOTHING}")
    if evidence.doubt and finding.verdict in {"improved", "equivalent"}:
        return replace(finding, verdict="inconclusive", because=f"{evidence.doubt}: that is no pass")
    return finding
