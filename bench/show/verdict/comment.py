"""A verdict as Markdown that is short enough for a comment on a review, whatever it has to say."""

from collections.abc import Iterator, Sequence

from bench.judge.gate.verdict import WORDS, Finding, Judgement
from bench.model.loads import load_name
from bench.show.text.markdown import markdown, plain, plural
from bench.show.text.sheet import Sheet
from bench.show.verdict.finding import HEADERS, lines
from bench.show.verdict.words import told

MOST_BYTES = 60_000
"""GitHub takes 65,536 characters; some are left for whoever adds words of their own."""

LONGEST_NAME = 60
LONGEST_LINE = 500
"""Words that come from other people's files are cut to so many characters."""


def comment(judgement: Judgement) -> str:
    """The Markdown: the verdict, then why, each a paragraph; then as much as there is room for, the gravest first."""
    said = told(judgement)
    parts = [f"**{_cut(said.headline)}**", _cut(said.why), _cut(said.sides)]
    closing = _cut(said.reading, 2 * LONGEST_LINE)
    room = MOST_BYTES - _size([*parts, closing])
    for sheet in (*said.differences, *_sheets(judgement)):
        parts.append(_table(sheet, room // 2))
        room -= _size(parts[-1:])
    parts.append("\n".join(_fitting([f"- {_cut(note)}" for note in said.notes], room, "- {} not shown", "note")))
    return "\n\n".join(part for part in (*parts, closing) if part) + "\n"


def _sheets(judgement: Judgement) -> Iterator[Sheet]:
    """All findings in one table, those of a control in another."""
    every = (*judgement.findings, *judgement.ungated)
    for title, control in (("Findings", False), ("Control: the same code in base and head", True)):
        found = sorted((one for one in every if one.control == control), key=lambda one: WORDS.index(one.verdict))
        if found:
            yield Sheet(title, ("stack", "under", *HEADERS), tuple(row for one in found for row in _rows(one)))


def _rows(one: Finding) -> Iterator[tuple[str, ...]]:
    for each in lines(one):
        yield (one.stack, f"{one.scenario}, {load_name(one.load)}", *each)


def _table(sheet: Sheet, room: int) -> str:
    """The table under its title, in so many bytes."""
    head = [f"**{_cut(sheet.title)}**", "", _row(sheet.headers), _row(["---"] * len(sheet.headers), raw=True)]
    rows = _fitting(
        [_row(line) for line in sheet.lines], room - _size(head), "\n{} not shown: this would be too long", "line"
    )
    return "\n".join([*head, *rows])


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cells if raw else [_cut(cell, LONGEST_NAME) for cell in cells])} |"


def _fitting(texts: Sequence[str], room: int, rest: str, noun: str) -> list[str]:
    """The first of the lines that there is room for, and one that counts the others."""
    shown: list[str] = []
    room -= 100
    for text in texts:
        room -= _size([text])
        if room < 0:
            return [*shown, rest.format(plural(len(texts) - len(shown), noun))]
        shown.append(text)
    return shown


def _cut(text: str, most: int = LONGEST_LINE) -> str:
    """Text as Markdown, whatever is beyond so many characters of it left out."""
    whole = plain(text)
    return markdown(whole if len(whole) <= most else f"{whole[: most - 1]}\N{HORIZONTAL ELLIPSIS}")


def _size(texts: Sequence[str]) -> int:
    """Bytes of the texts, and of the blank line after each."""
    return sum(len(text.encode()) + 2 for text in texts)
