"""The result of comparing head with base: a finding for each metric, and the verdict on all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bench.judge.cell.metrics import ERRORS, MEAN, Metric
from bench.judge.cell.wrong_answers import Given
from bench.judge.gate.comparable import Difference
from bench.judge.gate.thresholds import Gate
from bench.model.config import Load

Word = Literal["regressed", "not comparable", "inconclusive", "improved", "passed", "not gated"]
"""What can be said about one metric, the gravest first."""

WORDS: tuple[Word, ...] = get_args(Word)

Verdict = Literal["regressed", "not comparable", "inconclusive", "improved", "no regression"]
EXIT_CODES: Mapping[Verdict, int] = {
    "regressed": 1,
    "not comparable": 3,
    "inconclusive": 4,
    "improved": 0,
    "no regression": 0,
}
MOVED: tuple[Word, ...] = ("regressed", "improved")
_GRAVEST: tuple[tuple[Word, Verdict], ...] = (
    ("regressed", "regressed"),
    ("not comparable", "not comparable"),
    ("inconclusive", "inconclusive"),
    ("improved", "improved"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """The change from base to head and its 95 % interval, which a single round does not have.

    By ratio: head / base - 1. By difference: head - base, in the metric's unit.
    """

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ContextFigure:
    """A figure of the same rounds, shown beside a finding: means of base and head in base units. It decides nothing."""

    title: str
    unit: str
    base: float
    head: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding on one metric of a stack under one scenario and load.

    `base` and `head` are means in the metric's unit, geometric if it is compared by ratio; they and `change` are None
    where a side has no usable round. `p` is adjusted for the family, in the direction of the change; None where nothing
    was tested. `tolerance`: a change for the worse of less than that passes; `at_most`: how much worse head is at most,
    with 95 % confidence, in the form of the threshold; None: no bound. `excess`: the change as a multiple of the
    threshold, positive for the worse. `rounds`: how many rounds of base and of head count. `detectable`: the smallest
    change for the worse that so many rounds would find, in the form of `change`. `needed`: how many rounds would settle
    an inconclusive finding; None if that is not known.
    `because`: the reason, where the figures do not show it; `left_out`: how many rounds do not count, and why.
    `beside`: figures for context. `control`: the stack runs the same code on both sides, so it shows how much the
    session itself drifted.
    """

    stack: str
    scenario: str
    load: Load
    metric: Metric
    verdict: Word
    threshold: float
    tolerance: float
    base: float | None = None
    head: float | None = None
    change: Change | None = None
    p: float | None = None
    at_most: float | None = None
    excess: float = 0.0
    rounds: tuple[int, int] = (0, 0)
    detectable: float | None = None
    needed: int | None = None
    because: str = ""
    left_out: str = ""
    beside: tuple[ContextFigure, ...] = ()
    control: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One side: a revision or a run, its commit, and whether there were uncommitted changes; None: not known."""

    name: str
    commit: str | None
    dirty: bool | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and everything that it is based on.

    `alpha`: what the adjusted p of a regression must not exceed, at this look of several. `looks`: after how many
    restarts an A/B was to be judged; `decided`: after how many it was decided, None where it was not. `deciding`: the
    findings that decide it, the gravest first; empty where nothing went wrong, or where the runs are not comparable as
    a whole (`differences`). `moved`: the control moved, so nothing can be concluded. `unit`: where one value of a
    metric comes from, a restart of an A/B or a round of a run. `ungated`: findings that are shown and decide nothing.
    `controls`: the stacks that run the same code on both sides. `identical`: all stacks of the A/B do. `unchanged`: so
    nothing was measured. `wrong_answers`: those of base and of head, the first of each kind. `counted`: the findings on
    counted instructions, which are gated without a test.
    """

    verdict: Verdict
    deciding: tuple[Finding, ...]
    unit: Literal["restart", "round"]
    base: Side
    head: Side
    gate: Gate
    alpha: float
    findings: tuple[Finding, ...] = ()
    ungated: tuple[Finding, ...] = ()
    controls: tuple[str, ...] = ()
    moved: bool = False
    identical: bool = False
    unchanged: bool = False
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    wrong_answers: tuple[tuple[Given, ...], tuple[Given, ...]] = ((), ())
    looks: tuple[int, ...] = ()
    decided: int | None = None
    counted: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regressed, 3 not comparable, 4 inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def family(self) -> int:
        """The number of tests that the p-values are adjusted for."""
        return len(self.findings)


def overall(findings: Sequence[Finding]) -> tuple[Verdict, tuple[Finding, ...], bool]:
    """The verdict, the findings that decide it with the gravest first, and whether the control moved.

    A family that is empty, or has controls only, shows nothing: it is inconclusive.
    """
    moved = [one for one in findings if one.control and one.verdict in MOVED]
    if moved:
        return "inconclusive", _gravest_first(moved), True
    gated = [one for one in findings if not one.control]
    if not gated:
        return "inconclusive", (), False
    for word, verdict in _GRAVEST:
        found = [one for one in gated if one.verdict == word]
        if found:
            return verdict, _gravest_first(found), False
    return "no regression", (), False


def with_counts(
    timed: tuple[Verdict, tuple[Finding, ...], bool], counted: Sequence[Finding]
) -> tuple[Verdict, tuple[Finding, ...], bool]:
    """The same with counted instructions, which may regress whatever time shows: counts do not drift as controls do."""
    worse = [one for one in counted if one.verdict == "regressed" and not one.control]
    if not worse:
        return timed
    verdict, deciding, _ = timed
    return "regressed", _gravest_first([*(deciding if verdict == "regressed" else ()), *worse]), False


def unused(gate: Gate, findings: Sequence[Finding]) -> tuple[str, ...]:
    """A note for each threshold of a metric that is not gated: without the note, it would seem to be passed."""
    gated = {one.metric.name for one in findings}
    return tuple(
        f"A threshold is given for {name}, which is not gated here." for name in gate.fail_on if name not in gated
    )


def _gravest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """First failed requests that regressed, which explain what else is missing or changed; then what has no change.

    A missing head is worse than any change of its figures. A plain mean stands last: mostly it tells the same.
    """

    def place(one: Finding) -> tuple[bool, bool, bool, float]:
        fails = one.metric.name == ERRORS.name and one.verdict == "regressed" and one.change is not None
        return not fails, one.change is not None, one.metric.name.endswith(MEAN), -abs(one.excess)

    return tuple(sorted(findings, key=place))
