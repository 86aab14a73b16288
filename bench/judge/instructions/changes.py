"""Base and head compared, instruction by instruction: a change, a gate, a verdict.

There is no statistic in it. A count repeats to within a small part of the gate (docs/instructions.md), so one count of
each side is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.model.instructions import Counted, Counts

ALONE, TOGETHER = 0.01, 0.03
"""The gates, as fractions of base: for one request at a time, and for several in flight."""

Word = Literal["regressed", "improved", "unchanged"]
Verdict = Literal["regressed", "improved", "no regression"]
EXIT_CODES: Mapping[Verdict, int] = {"regressed": 1, "improved": 0, "no regression": 0}


@dataclass(frozen=True, slots=True)
class Change:
    """What base and head needed for the same request, and the gate, a fraction of base."""

    base: Counted
    head: Counted
    gate: float

    @property
    def relative(self) -> float:
        """Head / base - 1."""
        return self.head.per_request / self.base.per_request - 1

    @property
    def verdict(self) -> Word:
        """Whether the change is beyond the gate, and to which side."""
        if self.relative > self.gate:
            return "regressed"
        return "improved" if self.relative < -self.gate else "unchanged"


@dataclass(frozen=True, slots=True)
class Changes:
    """All of them, in the order in which they were counted."""

    base: Counts
    head: Counts
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """Regressed as soon as one of them did."""
        found = {one.verdict for one in self.changes}
        if "regressed" in found:
            return "regressed"
        return "improved" if "improved" in found else "no regression"

    @property
    def exit_code(self) -> int:
        """1 for regressed, else 0."""
        return EXIT_CODES[self.verdict]

    @property
    def deciding(self) -> Sequence[Change]:
        """Those that the verdict comes from, the largest first; of no regression, none."""
        own = [one for one in self.changes if one.verdict == self.verdict]
        return sorted(own, key=lambda one: -abs(one.relative))


def compared(base: Counts, head: Counts, gate: float | None = None) -> Changes:
    """The changes. `gate`: instead of ALONE and TOGETHER. ValueError where the sides counted different things."""
    if [one.place for one in base.counted] != [one.place for one in head.counted]:
        raise ValueError("base and head were not counted under the same scenarios")
    pairs = zip(base.counted, head.counted, strict=True)
    return Changes(base, head, tuple(Change(before, after, _gate(before, gate)) for before, after in pairs))


def _gate(counted: Counted, gate: float | None) -> float:
    if gate is not None:
        return gate
    return ALONE if counted.users == 1 else TOGETHER
