"""A verdict and its findings in words, before they are dressed for a terminal or for Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.gate.verdict import Finding, Judgement, Side, Word
from bench.model.config import Load
from bench.show.text.markdown import listed, plural
from bench.show.text.sheet import Sheet
from bench.show.text.titles import load_title
from bench.show.verdict.finding import HEADERS, detectable, limit, lines, name, place, sentence
from bench.units import probability

NAMED = 3
"""So many fields are named in a sentence; the rest are counted."""

_WHY: Mapping[Word, str] = {
    "regressed": "the whole interval lies beyond the threshold of {}",
    "improved": "the whole interval lies beyond the threshold of {}",
    "inconclusive": "neither a change of more than {} nor its absence is shown",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict in words. `headline` is the verdict and `why` its reason, each on one line.

    `sides`: what base and head are. `differences`: what makes them no measure for one another, if anything. `sheets`: a
    table of figures for each stack under each load; `control`: the same of stacks that the change does not touch.
    `reading`: how they are to be read.
    """

    headline: str
    why: str
    sides: str
    differences: tuple[Sheet, ...]
    sheets: tuple[Sheet, ...]
    control: tuple[Sheet, ...]
    notes: tuple[str, ...]
    reading: str


def told(judgement: Judgement) -> Told:
    """All that is said of a verdict; names in it are as they stand in the run."""
    every = (*judgement.findings, *judgement.ungated)
    return Told(
        headline=headline(judgement),
        why=why(judgement),
        sides=f"Base: {_side(judgement.base)}. Head: {_side(judgement.head)}.",
        differences=_differences(judgement),
        sheets=tuple(_sheets(one for one in every if not one.control)),
        control=tuple(_sheets(one for one in every if one.control)),
        notes=tuple(_notes(judgement)),
        reading=_reading(judgement) if judgement.findings else "",
    )


def headline(judgement: Judgement) -> str:
    """The verdict, and the figure or field that it comes from."""
    verdict, deciding = judgement.verdict, judgement.deciding
    if judgement.differences:
        return f"{verdict}: base and head differ in {_some([one.field for one in judgement.differences])}"
    if deciding:
        control = "the control moved: " if judgement.moved else ""
        more = f"; and {len(deciding) - 1} more" if len(deciding) > 1 else ""
        return f"{verdict}: {control}{sentence(deciding[0])}{more}"
    gated = [one for one in judgement.findings if not one.control]
    return f"{verdict}: {plural(len(gated), 'gated figure')}{', each within its threshold' if gated else ''}"


def why(judgement: Judgement) -> str:
    """Why that is the verdict."""
    if judgement.differences:
        parts = [f"{one.field} is {one.base} in base and {one.head} in head" for one in judgement.differences]
        return f"{_some(parts, '; ')}."
    if judgement.moved:
        return (
            "Base and head run the same code there, so something else changed during the session, and its other "
            "findings may come of that too: run it again."
        )
    if judgement.deciding:
        first = judgement.deciding[0]
        reason = first.because or f"{_test(first, judgement)}; {_WHY[first.verdict].format(limit(first))}"
        return f"{_capital(reason)}{_settled(first, judgement)}."
    gated = [one for one in judgement.findings if not one.control]
    if not gated:
        return "No figure of a stack that the change touches is gated, so nothing is shown to be sound."
    fewest = min(gated, key=lambda one: min(one.rounds))
    least = "" if all(one.rounds == fewest.rounds for one in gated) else "At least "
    family = f"a family of {plural(judgement.family, 'test')} (alpha {judgement.gate.alpha:g})"
    return f"{least}{_rounds(fewest, judgement)}, {family}: each whole interval lies inside its threshold."


def _sheets(findings: Iterable[Finding]) -> Iterator[Sheet]:
    places: dict[tuple[str, str, Load], list[Finding]] = {}
    for one in findings:
        places.setdefault((one.stack, one.scenario, one.load), []).append(one)
    for (stack, scenario, load), own in places.items():
        title = f"{stack}, {scenario}, {load_title(load)}"
        yield Sheet(title, HEADERS, tuple(each for one in own for each in lines(one)))


def _differences(judgement: Judgement) -> tuple[Sheet, ...]:
    if not judgement.differences:
        return ()
    fields = tuple((one.field, one.base, one.head) for one in judgement.differences)
    return (Sheet("What the runs differ in", ("field", "base", "head"), fields),)


def _notes(judgement: Judgement) -> Iterator[str]:
    if judgement.identical:
        yield "Base and head imported the same code: what differs is noise, or no Python, and no stack is a control."
    told_already = judgement.deciding[:1]
    for one in judgement.findings:
        reasons = list(_reasons(one, judgement))
        if reasons and (one.verdict == "inconclusive" or one not in told_already):
            yield f"{_capital(one.verdict)}: {sentence(one)}: {'; '.join(reasons)}."
    left_out: dict[tuple[str, str], list[str]] = {}
    for one in (*judgement.findings, *judgement.ungated):
        if one.left_out:
            left_out.setdefault((place(one), one.left_out), []).append(name(one))
    for (where, reason), names in left_out.items():
        yield f"Left out: {where}: {listed(names)} of {reason}."
    yield from judgement.notes


def _reasons(one: Finding, judgement: Judgement) -> Iterator[str]:
    """Why it is so, unless the verdict said it; what would settle it, and what would have been found."""
    if one.because and one.because not in {first.because for first in judgement.deciding[:1]}:
        yield one.because
    if one.verdict != "inconclusive" or one.change is None:
        return
    if one.needed is not None:
        yield f"about {plural(one.needed, judgement.unit)} would settle it"
    elif not one.because:
        yield f"no number of {judgement.unit}s is known that would settle it"
    if detectable(one):
        yield f"a change of {detectable(one)} would have been found"


def _reading(judgement: Judgement) -> str:
    limits: dict[str, list[str]] = {}
    for one in judgement.findings:
        titles = limits.setdefault(limit(one), [])
        if name(one) not in titles:
            titles.append(name(one))
    thresholds = "; ".join(f"{least} for {listed(titles)}" for least, titles in limits.items())
    return (
        f"Change: head against base. p: one-sided, adjusted for the family. Regressed or improved: p at most "
        f"{judgement.gate.alpha:g} and the whole interval beyond the threshold ({thresholds}); equivalent: the whole "
        "interval inside it. P95 less upstream: without the wait that the upstream was told to cause."
    )


def _test(one: Finding, judgement: Judgement) -> str:
    p = "" if one.p is None else f", adjusted p {probability(one.p)} in a family of {judgement.family}"
    return f"{_rounds(one, judgement)}{p} (alpha {judgement.gate.alpha:g})"


def _rounds(one: Finding, judgement: Judgement) -> str:
    base, head = one.rounds
    pairs = plural(head, judgement.unit)
    return pairs if judgement.unit == "restart" else f"{plural(base, judgement.unit)} of base and {head} of head"


def _settled(one: Finding, judgement: Judgement) -> str:
    return "" if one.needed is None else f"; about {plural(one.needed, judgement.unit)} would settle it"


def _side(side: Side) -> str:
    commit = "" if side.commit is None else f" ({side.commit[:7]}{', with uncommitted changes' if side.dirty else ''})"
    return f"{side.name}{commit}"


def _some(texts: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    rest = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    return between.join([*texts[:NAMED], *rest])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
