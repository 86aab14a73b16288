"""The findings on counted instructions: beside those of the family, and without a test, because counts hardly vary.

A count finds a change of CPU that is too small for time to show. It never makes a figure of time pass: it does not see
the server program, the kernel, locks, or what happens only after seconds of load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.judge.cell.metrics import INSTRUCTIONS
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Change, Finding, Word
from bench.judge.instructions import changes
from bench.model.config import Closed
from bench.model.instructions import CountedPair
from bench.units import signed_percent

_WORDS: Mapping[changes.Word, Word] = {"regressed": "regressed", "improved": "improved", "unchanged": "passed"}


def of_counts(pairs: Iterable[CountedPair], gate: Gate, controls: Sequence[str]) -> Iterator[Finding]:
    """A finding for each pair; the gates are those of `instructions`, or what --fail-on or --noise asks for."""
    for one in changes.judged(pairs, gate.asked(INSTRUCTIONS)):
        yield Finding(
            stack=one.base.stack,
            scenario=one.base.scenario,
            load=Closed(users=one.base.users),
            metric=INSTRUCTIONS,
            verdict=_WORDS[one.verdict],
            threshold=one.gate,
            tolerance=one.gate,
            base=one.base.per_request,
            head=one.head.per_request,
            change=Change(one.relative, None, None),
            excess=one.relative / one.gate if one.gate else 0.0,
            because=_because(one),
            control=one.base.stack in controls,
        )


def _because(one: changes.Change) -> str:
    """What the finding stands on, where there is something to say of it."""
    if len(one.all) > 1:
        return f"the median of {len(one.all)} layouts of memory: {', '.join(map(signed_percent, one.all))}"
    return "" if one.verdict == "unchanged" else "counted once on each side, and the same code has the same count"
