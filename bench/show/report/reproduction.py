"""Whether a run reproduces the reference run, in words."""

from collections import Counter
from dataclasses import dataclass

from bench.judge.stacks.ratios import REPRODUCED, Reproduced
from bench.show.report.ratios import figure, name, place
from bench.show.text.sheet import Passage
from bench.units import ratio, threshold


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The id of the reference run, and every ratio that both runs have."""

    reference: str
    found: tuple[Reproduced, ...]


def passage(found: Reproduction) -> Passage:
    """The counts, each ratio that differs, and what the words mean."""
    limit = threshold(REPRODUCED)
    meaning = (
        f"Yes: a ratio between two stacks is that of the reference run to within {limit} either way, with its whole "
        f"interval. No: the whole interval lies beyond {limit}. Unclear: neither; more rounds would tell. Ratios are "
        "compared and not figures, because another machine has other figures."
    )
    return Passage(
        "Does it reproduce the reference run?",
        opening=f"Against {found.reference}: {_counts(found)}",
        points=_noes(found),
        notes=(meaning,) if found.found else (),
    )


def _counts(found: Reproduction) -> str:
    if not found.found:
        return "the two runs have no ratio in common."
    counted = Counter(one.agreement for one in found.found)
    return f"{counted['yes']} yes, {counted['no']} no, {counted['unclear']} unclear."


def _noes(found: Reproduction) -> tuple[str, ...]:
    return tuple(
        f"no: {place(one.here)}: {name(one.here)} is {figure(one.here)} here and {figure(one.there)} there; "
        f"here / there: {ratio(one.quotient.mean, one.quotient.low, one.quotient.high)}"
        for one in found.found
        if one.agreement == "no"
    )
