"""Whether a run reproduces the reference run, in words."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.judge.ratios import REPRODUCED, Ratio, Reproduced, ratios, reproduced
from bench.model import Plan, Run
from bench.plan.config import ROOT
from bench.record import store
from bench.show.ratios import figure, name, place
from bench.show.sheet import Passage
from bench.units import ratio, threshold

REFERENCE = ROOT / "results" / "reference"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The id of the reference run, and every ratio that both runs have."""

    reference: str
    found: tuple[Reproduced, ...]


def against_reference(run: Run, folder: Path) -> Reproduction | None:
    """The run of a folder held against the reference run; None where it is that run, or there is none to read."""
    if folder.resolve().is_relative_to(REFERENCE):
        return None
    try:
        reference = store.load_run(REFERENCE)
    except BenchError:
        return None
    here, there = (ratios(one.cells, one.config) for one in (run, reference))
    alike = [one for one in here if _same(one, run.config, reference.config)]
    return Reproduction(reference.id, reproduced(alike, there))


def _same(one: Ratio, here: Plan, there: Plan) -> bool:
    """Whether both runs mean the same stacks and scenario by their names; what they call them is no matter."""
    pairs = [(here.stacks[name], there.stacks.get(name)) for name in (one.stack, one.against)]
    scenario, other = here.scenarios[one.scenario], there.scenarios.get(one.scenario)
    stacks = all(ours == (theirs and replace(theirs, title=ours.title)) for ours, theirs in pairs)
    return stacks and scenario == (other and replace(other, title=scenario.title))


def summary(found: Reproduction) -> tuple[str, ...]:
    """Plain text for the end of a run: a line with the counts, then one for each ratio that differs."""
    return (f"Does it reproduce the reference run {found.reference}? {_counts(found)}", *_noes(found))


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
