"""What comes of holding head against base: a finding for each figure, and the verdict that they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bench.judge.cell.metrics import Metric
from bench.judge.gate.comparable import Difference
from bench.judge.gate.thresholds import Gate
from bench.model.config import Load

Word = Literal["regressed", "not comparable", "inconclusive", "improved", "equivalent", "not gated"]
"""What is said of one figure, the gravest first."""

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
    """Head against base with its 95 % interval, which a single round has not.

    By ratio: head / base - 1. By difference: head - base, in the metric's unit.
    """

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Another figure of the same rounds, for the reader: means of base and head in base units. It decides nothing."""

    title: str
    unit: str
    base: float
    head: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one figure: a metric of a stack under one scenario and load.

    `base` and `head` are means in the metric's unit, geometric where it is compared by ratio; None, as is `change`,
    where no round of either can be used. `p` is adjusted for the family, in the direction of the change; None where
    nothing was tested. `excess`: how far the change goes, the bad way if positive, as a multiple of the threshold.
    `rounds`: how many of base and of head it rests on. `detectable`: the smallest change for the worse that so many
    rounds would find, as `change` is given. `needed`: how many rounds would settle what is inconclusive; None where no
    number is known to. `because`: why it is so, where the figures do not say it; `left_out`: what they leave out.
    `control`: its stack runs the same code on both sides, so that it shows how much the session itself moved.
    """

    stack: str
    scenario: str
    load: Load
    metric: Metric
    verdict: Word
    threshold: float
    base: float | None = None
    head: float | None = None
    change: Change | None = None
    p: float | None = None
    excess: float = 0.0
    rounds: tuple[int, int] = (0, 0)
    detectable: float | None = None
    needed: int | None = None
    because: str = ""
    left_out: str = ""
    beside: tuple[Beside, ...] = ()
    control: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """What one side was: a revision, or a run; its commit and whether that had uncommitted changes, where known."""

    name: str
    commit: str | None
    dirty: bool | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and all that it rests on.

    `deciding`: the findings that it comes from, the gravest first; none where nothing went wrong, or where the runs are
    not comparable as a whole (`differences`). `moved`: the control moved, so nothing can be concluded. `unit`: what
    one value of a metric comes from, the restart of an A/B or the round of a run. `family`: the number of tests that
    the p-values are adjusted for. `ungated`: figures that are shown and decide nothing. `identical`: an A/B whose sides
    ran the same code.
    """

    verdict: Verdict
    deciding: tuple[Finding, ...]
    unit: Literal["restart", "round"]
    base: Side
    head: Side
    gate: Gate
    findings: tuple[Finding, ...] = ()
    ungated: tuple[Finding, ...] = ()
    controls: tuple[str, ...] = ()
    moved: bool = False
    identical: bool = False
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regressed, 3 not comparable, 4 inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def family(self) -> int:
        """The number of tests that the p-values are adjusted for."""
        return len(self.findings)


def overall(findings: Sequence[Finding]) -> tuple[Verdict, tuple[Finding, ...], bool]:
    """The verdict, the findings that decide it, the gravest first, and whether it is so because the control moved.

    What cannot be judged is never passed over: a family of nothing but controls, or of nothing, is inconclusive.
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


def unused(gate: Gate, findings: Sequence[Finding]) -> tuple[str, ...]:
    """What the gate asks for that no finding can answer, in words: silence would read as a pass."""
    gated = {one.metric.name for one in findings}
    return tuple(
        f"A threshold is given for {name}, which is not gated here." for name in gate.fail_on if name not in gated
    )


def _gravest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those without a change first: what is not there, or fails, is worse than any change."""
    return tuple(sorted(findings, key=lambda one: (one.change is not None, -abs(one.excess))))
