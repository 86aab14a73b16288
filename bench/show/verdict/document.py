"""A verdict as a document: for a terminal, and briefly for a comment on a review."""

from collections.abc import Iterable, Iterator

from bench.judge.gate.verdict import WORDS, Finding, Judgement
from bench.model.config import Load
from bench.model.loads import load_name
from bench.show.instructions.document import ABOUT
from bench.show.text.document import Block, Document, Paragraph, Section, Table, points, words_table
from bench.show.text.titles import load_title
from bench.show.text.words import cut, plural
from bench.show.verdict import words
from bench.show.verdict.finding import HEADERS, NUMBERS, changed, lines
from bench.show.verdict.finding import verdict as word
from bench.units import figure

MOST_DIFFERENCES, LONGEST = 200, 1000
"""Rows of the table of differences, and characters of a value in it: the values come from other people's files."""

_CONTROL = "Base and head run the same code here, so any change is drift of the session."


def verdict(judgement: Judgement, *, brief: bool = False) -> Document:
    """The verdict as title and its reason as lead; then as much as there is to say. Names are as they are in the run.

    A brief one has all findings in one table, the gravest first; otherwise each stack has one under each load.
    """
    every = (*judgement.findings, *judgement.ungated)
    found, control = ([one for one in every if one.control is wanted] for wanted in (False, True))
    blocks: list[Block] = [Paragraph(words.sides(judgement)), *_differences(judgement)]
    if brief:
        blocks += [Section("findings", "Findings", (_gravest_first(found),))] if found else []
        blocks += [Section("control", "Control", (Paragraph(_CONTROL), _gravest_first(control)))] if control else []
    else:
        blocks += _places("findings", found)
        tables = tuple(_places("control", control))
        blocks += [Section("control", "Control", (Paragraph(_CONTROL), *tables))] if control else []
    if judgement.counted:
        table = _counts(judgement.counted)
        blocks.append(Section("instructions", "Instructions per request", (table, Paragraph(ABOUT))))
    blocks += points(words.notes(judgement))
    wrong = [*words.wrong_answers(judgement)]
    blocks += [Section("wrong-answers", "Wrong answers", points(wrong))] if wrong else []
    blocks += [Paragraph(words.reading(judgement))] if judgement.findings else []
    return Document(words.headline(judgement), words.why(judgement), tuple(blocks))


def _differences(judgement: Judgement) -> Iterator[Section]:
    if judgement.differences:
        fields = (
            [cut(text, LONGEST) for text in (one.field, one.base, one.head)]
            for one in judgement.differences[:MOST_DIFFERENCES]
        )
        table = words_table(("field", "base", "head"), fields)
        more = len(judgement.differences) - MOST_DIFFERENCES
        rest = [Paragraph(f"{plural(more, 'difference')} more: --json has all of them.")] if more > 0 else []
        yield Section("differences", "Differences between the runs", (table, *rest))


def _places(name: str, findings: Iterable[Finding]) -> Iterator[Section]:
    """A table for each stack under each load."""
    places: dict[tuple[str, str, Load], list[Finding]] = {}
    for one in findings:
        places.setdefault((one.stack, one.scenario, one.load), []).append(one)
    for number, ((stack, scenario, load), own) in enumerate(places.items(), start=1):
        table = words_table(HEADERS, (line for one in own for line in lines(one)), right=NUMBERS)
        yield Section(f"{name}-{number}", f"{stack}, {scenario}, {load_title(load)}", (table,))


def _counts(findings: Iterable[Finding]) -> Table:
    """Those on counted instructions, the gravest first."""
    rows = (
        (one.stack, f"{one.scenario}, {load_name(one.load)}", base, head, changed(one)[0], word(one))
        for one in sorted(findings, key=lambda one: WORDS.index(one.verdict))
        for base, head in [[figure(value, one.metric.unit) for value in (one.base, one.head)]]
    )
    right = ("base", "head", "change")
    return words_table(("stack", "load", *right, "verdict"), rows, key="stack", right=right)


def _gravest_first(findings: Iterable[Finding]) -> Table:
    """All of these findings in one table."""
    found = sorted(findings, key=lambda one: WORDS.index(one.verdict))
    rows = ((one.stack, f"{one.scenario}, {load_name(one.load)}", *line) for one in found for line in lines(one))
    return words_table(("stack", "load", *HEADERS), rows, key="stack", right=NUMBERS)
