"""Base and head compared, instruction by instruction: a change, a gate, a verdict.

The same code needs the same number of instructions again. But where objects lie in memory decides which places of
Python's caches they share, and any change of the code moves objects. So a change a little beyond the gate is counted
again in other layouts of memory, and the median counts (docs/instructions.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from bench.model.instructions import Counted, CountedPair
from bench.model.run import Revision

ALONE, TOGETHER = 0.01, 0.03
"""The gates, as fractions of base: for one request at a time, and for several in flight."""

DOUBTFUL = 2.0
"""A change beyond the gate is doubtful up to so many times the gate."""

Place = tuple[str, str, int]
Word = Literal["regressed", "improved", "unchanged"]
Verdict = Literal["regressed", "improved", "no regression"]
EXIT_CODES: Mapping[Verdict, int] = {"regressed": 1, "improved": 0, "no regression": 0}


@dataclass(frozen=True, slots=True)
class Counts:
    """All that was counted of one side. `revision`: None where the files were counted as they lie there."""

    revision: Revision | None
    counted: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What base and head needed for the same request, in one layout of memory or in several, and the gate.

    The gate is a fraction of base.
    """

    pair: CountedPair
    gate: float

    @property
    def base(self) -> Counted:
        """Base in the first layout of memory."""
        return self.pair.base

    @property
    def head(self) -> Counted:
        """Head in the first layout of memory."""
        return self.pair.head

    @property
    def all(self) -> tuple[float, ...]:
        """Head / base - 1 in each layout of memory."""
        pairs = ((self.base, self.head), *self.pair.again)
        return tuple(head.per_request / base.per_request - 1 for base, head in pairs)

    @property
    def relative(self) -> float:
        """Their median."""
        return median(self.all)

    @property
    def verdict(self) -> Word:
        """Whether the change is beyond the gate, and to which side."""
        if self.relative > self.gate:
            return "regressed"
        return "improved" if self.relative < -self.gate else "unchanged"

    @property
    def doubtful(self) -> bool:
        """Whether it is beyond the gate by so little that it should be counted again in other layouts of memory.

        Of several requests in flight every such change is: an upstream that is not given a core in time changes how
        many answers arrive at once.
        """
        return abs(self.relative) > self.gate and (self.base.users > 1 or abs(self.relative) <= DOUBTFUL * self.gate)


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

    @property
    def doubtful(self) -> tuple[Place, ...]:
        """What should be counted in other layouts of memory."""
        return tuple(one.base.place for one in self.changes if one.doubtful)

    def with_layouts(self, again: Mapping[Place, Sequence[tuple[Counted, Counted]]]) -> "Changes":
        """The same with base and head as counted in other layouts of memory, by what was counted."""
        pairs = (replace(one.pair, again=tuple(again.get(one.base.place, ()))) for one in self.changes)
        changes = tuple(replace(one, pair=pair) for one, pair in zip(self.changes, pairs, strict=True))
        return replace(self, changes=changes)


def compared(base: Counts, head: Counts, gate: float | None = None) -> Changes:
    """The changes. `gate`: instead of ALONE and TOGETHER. ValueError where the sides counted different things."""
    if [one.place for one in base.counted] != [one.place for one in head.counted]:
        raise ValueError("base and head were not counted under the same scenarios")
    pairs = (CountedPair(*both) for both in zip(base.counted, head.counted, strict=True))
    return Changes(base, head, judged(pairs, gate))


def judged(pairs: Iterable[CountedPair], gate: float | None = None) -> tuple[Change, ...]:
    """The change of each pair. `gate`: instead of ALONE and TOGETHER."""
    return tuple(Change(pair, _gate(pair.base) if gate is None else gate) for pair in pairs)


def _gate(counted: Counted) -> float:
    return ALONE if counted.users == 1 else TOGETHER
