"""What is said about a verdict: the headline, the reason, notes, and how to read its tables."""

from collections.abc import Iterator, Mapping, Sequence

from bench.judge.cell.wrong_answers import described
from bench.judge.gate.verdict import Finding, Judgement, Side, Word
from bench.model.cell import SIDES
from bench.show.text.words import cut, listed, plural
from bench.show.verdict.finding import detectable, limit, name, place, sentence
from bench.units import probability

NAMED = 3
"""The most fields that a sentence names; the rest are counted."""

LONGEST = 200
"""Characters of a value in a sentence."""

_WHY: Mapping[Word, str] = {
    "regressed": "The whole interval lies beyond the threshold of {}",
    "improved": "The whole interval lies beyond the threshold of {}",
    "inconclusive": "The data show neither a change of more than {} nor its absence",
}


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
        parts = [
            f"{one.field} is {cut(one.base, LONGEST)} in base and {cut(one.head, LONGEST)} in head"
            for one in judgement.differences
        ]
        return f"{_some(parts, '; ')}."
    if judgement.moved:
        return (
            "Base and head run the same code there, so something else changed during the session. It may have caused "
            "the other findings too. Run the session again."
        )
    if judgement.deciding:
        return reason(judgement.deciding[0], judgement)
    gated = [one for one in judgement.findings if not one.control]
    if not gated:
        return (
            "No gated figure belongs to a stack that the change affects, so this session cannot rule out a regression."
        )
    fewest = min(gated, key=lambda one: min(one.rounds))
    least = "" if all(one.rounds == fewest.rounds for one in gated) else "At least "
    family = f"a family of {plural(judgement.family, 'test')} (alpha {judgement.gate.alpha:g})"
    return f"{least}{_rounds(fewest, judgement)}, {family}. Each whole interval lies within its threshold."


def reason(one: Finding, judgement: Judgement) -> str:
    """Why a finding is regressed, improved or inconclusive, and how many rounds would settle it."""
    told = one.because or f"{_test(one, judgement)}. {_WHY[one.verdict].format(limit(one))}"
    return f"{_capital(told)}.{_settled(one, judgement)}"


def sides(judgement: Judgement) -> str:
    """What base and head are."""
    return f"Base: {_side(judgement.base)}. Head: {_side(judgement.head)}."


def notes(judgement: Judgement) -> Iterator[str]:
    """What the tables do not show: reasons, what would settle a finding, what was left out."""
    if judgement.identical:
        yield (
            "Base and head imported the same code. A difference is noise, or comes from something other than Python, "
            "and no stack is a control."
        )
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
        yield f"Left out: {where}: {listed(names)} in {reason}."
    yield from judgement.notes


def wrong_answers(judgement: Judgement) -> Iterator[str]:
    """The first wrong answer of each kind, of head and then of base."""
    for side, given in reversed([*zip(SIDES, judgement.wrong_answers, strict=True)]):
        for one in given:
            yield f"{_capital(side)}, {one.stack} on {one.scenario}: {described(one.answer)}"


def reading(judgement: Judgement) -> str:
    """How the tables are read."""
    limits: dict[str, list[str]] = {}
    for one in judgement.findings:
        titles = limits.setdefault(limit(one), [])
        if name(one) not in titles:
            titles.append(name(one))
    thresholds = "; ".join(f"{least} for {listed(titles)}" for least, titles in limits.items())
    return (
        "Change is head compared with base. p is one-sided and adjusted for the family of tests. Regressed and "
        f"improved: p is at most {judgement.gate.alpha:g} and the whole interval lies beyond the threshold "
        f"({thresholds}). Equivalent: the whole interval lies within it. P95 less upstream leaves out the configured "
        "delay of the upstream."
    )


def _reasons(one: Finding, judgement: Judgement) -> Iterator[str]:
    """Why it is so, unless the verdict says it already; what would settle it, and what would have been detected."""
    if one.because and one.because not in {first.because for first in judgement.deciding[:1]}:
        yield one.because
    if one.verdict != "inconclusive" or one.change is None:
        return
    if one.needed is not None:
        yield f"about {plural(one.needed, judgement.unit)} would settle it"
    elif not one.because:
        yield f"the number of {judgement.unit}s that would settle it is unknown"
    if detectable(one):
        yield f"a change of {detectable(one)} would have been detected"


def _test(one: Finding, judgement: Judgement) -> str:
    p = "" if one.p is None else f", adjusted p {probability(one.p)} in a family of {judgement.family}"
    return f"{_rounds(one, judgement)}{p} (alpha {judgement.gate.alpha:g})"


def _rounds(one: Finding, judgement: Judgement) -> str:
    base, head = one.rounds
    pairs = plural(head, judgement.unit)
    return pairs if judgement.unit == "restart" else f"{plural(base, judgement.unit)} of base and {head} of head"


def _settled(one: Finding, judgement: Judgement) -> str:
    return "" if one.needed is None else f" About {plural(one.needed, judgement.unit)} would settle it."


def _side(side: Side) -> str:
    commit = "" if side.commit is None else f" ({side.commit[:7]}{', with uncommitted changes' if side.dirty else ''})"
    return f"{side.name}{commit}"


def _some(texts: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    rest = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    return between.join([*texts[:NAMED], *rest])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
