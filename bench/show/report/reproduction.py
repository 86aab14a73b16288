"""Whether a run reproduces the reference run, in words."""

from collections import Counter
from dataclasses import dataclass

from bench.judge.capacity.rows import CapacityRatio, ReproducedCapacity
from bench.judge.stacks.ratios import REPRODUCED, Ratio, Reproduced
from bench.show.report.ratios import figure, mark, name, place
from bench.show.text.document import Paragraph, Section, points
from bench.units import ratio, threshold


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The id of the reference run, and every ratio that both runs have."""

    reference: str
    found: tuple[Reproduced | ReproducedCapacity, ...]


def section(found: Reproduction) -> Section:
    """The counts, each ratio that differs, and what the words mean."""
    limit = threshold(REPRODUCED)
    meaning = (
        f"Yes: the ratio between two stacks, with its whole interval, is within {limit} of that in the reference run. "
        f"No: the whole interval lies beyond {limit}. Unclear: neither; measure more rounds. Ratios are compared and "
        "not values, because values depend on the machine."
    )
    return Section(
        "reproduction",
        "Does it reproduce the reference run?",
        (
            Paragraph(f"Compared with {found.reference}: {_counts(found)}"),
            *points(_noes(found)),
            *([Paragraph(meaning)] if found.found else []),
        ),
    )


def _counts(found: Reproduction) -> str:
    if not found.found:
        return "the two runs have no ratio in common."
    counted = Counter(one.agreement for one in found.found)
    return f"{counted['yes']} yes, {counted['no']} no, {counted['unclear']} unclear."


def _noes(found: Reproduction) -> tuple[str, ...]:
    return tuple(
        f"no: {_what(one)} is {_figure(one.here)} here and {_figure(one.there)} in the reference run; "
        f"here / reference: {ratio(one.quotient.mean, one.quotient.low, one.quotient.high)}"
        for one in found.found
        if one.agreement == "no"
    )


def _what(one: Reproduced | ReproducedCapacity) -> str:
    """Which two stacks, where, and by which figure."""
    here = one.here
    if isinstance(here, CapacityRatio):
        return f"{here.stack} / {here.against}, {here.scenario}: capacity"
    return f"{place(here)}: {name(here)}"


def _figure(one: Ratio | CapacityRatio) -> str:
    if isinstance(one, CapacityRatio):
        return ratio(one.estimate.mean, one.estimate.low, one.estimate.high)
    return f"{figure(one)}{mark(one)}"
