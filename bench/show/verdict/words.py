"""What is said about a verdict: the headline, the reason, notes, and how to read its tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.judge.cell.metrics import SLOW
from bench.judge.cell.wrong_answers import described
from bench.judge.gate.verdict import Finding, Judgement, Side, Word
from bench.model.cell import SIDES
from bench.show.text.words import commit, cut, listed, plural
from bench.show.verdict.finding import at_most, changed, detectable, limit, name, place, sentence, tolerance
from bench.units import probability

NAMED = 3
"""The most fields that a sentence names; the rest are counted."""

SMALLEST = 1e-9
"""A tolerance may be 0."""

LONGEST = 200
"""Characters of a value in a sentence."""

_WHY: Mapping[Word, str] = {
    "regressed": "The whole interval lies beyond the threshold of {}",
    "improved": "The whole interval lies beyond the threshold of {}",
    "inconclusive": "The data show neither a change for the worse of more than {} nor that head passes",
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
    if judgement.unchanged:
        return f"{verdict}: nothing measured, because nothing changed that the services run or read"
    gated = [one for one in judgement.findings if not one.control]
    bounded = _bounded(judgement)
    if not bounded:
        return f"{verdict}: {plural(len(gated), 'gated figure')}{', each within its threshold' if gated else ''}"
    widest = max(bounded, key=lambda one: one.tolerance)
    return f"{verdict} beyond {tolerance(widest)}: at most {at_most(max(bounded, key=_bound))} worse"


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
    return _why_passed(judgement)


def _why_passed(judgement: Judgement) -> str:
    if judgement.unchanged:
        return "Code, lock file and the data that was read are the same on both sides. --anyway measures all the same."
    gated = [one for one in judgement.findings if not one.control]
    if not gated:
        return (
            "No gated figure belongs to a stack that the change affects, so this session cannot rule out a regression."
        )
    fewest = min(gated, key=lambda one: min(one.rounds))
    least = "" if all(one.rounds == fewest.rounds for one in gated) else "At least "
    counted = f"{least}{_rounds(fewest, judgement)}, {plural(judgement.family, 'gated figure')}"
    bounded = _bounded(judgement)
    if not bounded:
        return f"{counted}. Each whole interval lies within its threshold.{_exact(judgement)}"
    least_sure = max(bounded, key=lambda one: _bound(one) / max(one.tolerance, SMALLEST))
    return (
        f"{counted}. Each is shown to be worse by less than its tolerance. Least sure is {name(least_sure)} of "
        f"{place(least_sure)}: {changed(least_sure)[0]}, at most {at_most(least_sure)} worse.{_exact(judgement)}"
    )


def _exact(judgement: Judgement) -> str:
    counts = [one for one in judgement.counted if not one.control]
    return f" {plural(len(counts), 'count')} of instructions, each within its gate." if counts else ""


def _bounded(judgement: Judgement) -> list[Finding]:
    """The gated ratios of an A/B that have a bound."""
    if judgement.unit != "restart":
        return []
    return [
        one
        for one in judgement.findings
        if not one.control and one.at_most is not None and one.metric.compared_by == "ratio"
    ]


def _bound(one: Finding) -> float:
    return one.at_most or 0.0


def reason(one: Finding, judgement: Judgement) -> str:
    """Why a finding is regressed, improved or inconclusive, and how many rounds would settle it."""
    told = one.because or f"{_test(one, judgement)}. {_WHY[one.verdict].format(limit(one))}"
    return f"{_capital(told)}.{_settled(one, judgement)}"


def sides(judgement: Judgement) -> str:
    """What base and head are."""
    return f"Base: {_side(judgement.base)}. Head: {_side(judgement.head)}."


def notes(judgement: Judgement) -> Iterator[str]:
    """What the tables do not show: reasons, what would settle a finding, what was left out."""
    if judgement.looks and judgement.findings:
        last = "not decided" if judgement.decided is None else f"decided after {judgement.decided}"
        yield f"It was to be judged after {listed([*map(str, judgement.looks)])} restarts, and was {last}."
    if judgement.identical:
        yield (
            "Base and head ran and read the same files. A difference is noise, or comes from elsewhere, and no stack "
            "is a control."
        )
    told_already = judgement.deciding[:1]
    for one in (*judgement.findings, *judgement.counted):
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
    moved = (
        f"p is one-sided and adjusted for the family of tests. Regressed and improved: p is at most "
        f"{judgement.alpha:.3g}{_look(judgement)} and the whole interval lies beyond the threshold "
        f"({_limits(judgement, limit)})."
    )
    less = "P95 less upstream leaves out the configured delay of the upstream."
    if judgement.unit != "restart":
        return f"Change is head compared with base. {moved} Passed: the whole interval lies within it. {less}"
    return (
        "Change is head compared with base: the median over pairs of slices in each restart, or the plain mean of all "
        f"slices where it says mean. {moved} Passed: a test shows that head is worse by less than the tolerance "
        f"({_limits(judgement, tolerance)}), and no bound that it is worse by more than the threshold. Slow requests "
        f"took longer than {SLOW:g} times the P50 of base. {less}"
    )


def _look(judgement: Judgement) -> str:
    looks = len(judgement.looks)
    return f", a share of {judgement.gate.alpha:g} because there are up to {looks} looks," if looks > 1 else ""


def _limits(judgement: Judgement, read: Callable[[Finding], str]) -> str:
    """The limits of all metrics: `2 % for throughput; 3 % for P95`."""
    limits: dict[str, list[str]] = {}
    for one in judgement.findings:
        titles = limits.setdefault(read(one), [])
        if name(one) not in titles:
            titles.append(name(one))
    return "; ".join(f"{least} for {listed(titles)}" for least, titles in limits.items())


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
    return f"{_rounds(one, judgement)}{p} (alpha {judgement.alpha:.3g})"


def _rounds(one: Finding, judgement: Judgement) -> str:
    base, head = one.rounds
    pairs = plural(head, judgement.unit)
    return pairs if judgement.unit == "restart" else f"{plural(base, judgement.unit)} of base and {head} of head"


def _settled(one: Finding, judgement: Judgement) -> str:
    return "" if one.needed is None else f" About {plural(one.needed, judgement.unit)} would settle it."


def _side(side: Side) -> str:
    return side.name if side.commit is None else f"{side.name} ({commit(side.commit, dirty=side.dirty)})"


def _some(texts: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    rest = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    return between.join([*texts[:NAMED], *rest])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
