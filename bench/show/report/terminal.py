"""The tables on a terminal, or as plain text where there is none."""

from collections.abc import Iterable
from io import StringIO
from itertools import zip_longest

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.show.report.answer import ANSWER, LIMITS
from bench.show.report.content import Content, Group, Line, Shown
from bench.show.text.markdown import plain
from bench.show.text.sheet import Passage
from bench.show.text.stdout import console as drawing

PIPED_WIDTH = 80
GAP = 2
NARROWEST = 6
LEAST_NOTES = 16
"""Notes in a narrower column than this are broken within words: then they stand below their table."""


def render(content: Content, *, width: int | None = None, colour: bool = False) -> str:
    """The tables, what is said of them and the answer, at most `width` columns wide (None: PIPED_WIDTH).

    Where a figure and its interval do not fit side by side, the interval stands below; where notes do not, they stand
    below their table. Nothing is cut off.
    """
    target = StringIO()
    console = drawing(target, width or PIPED_WIDTH, colour=colour)
    between, widths = _layout(content, console.width)
    for group in content.groups:
        console.print(Text(plain(group.title), style="bold"))
        console.print(_table(group, widths, between))
        if len(widths) < len(group.headers):
            noted = [line for line in group.lines if line.notes]
            _say(console, [line.notes for line in noted], [f"{plain(line.stack)}: " for line in noted])
    _say(console, content.legend)
    _say(console, content.problems, [f"[{number}] " for number in range(1, len(content.problems) + 1)])
    _say(console, content.remarks)
    told = content.answer
    limits = Passage(LIMITS, points=told.limits) if told.limits else None
    # Last, where the eye is when it has been printed.
    answer = Passage(ANSWER, points=told.sentences)
    for passage in (content.ratios, content.reproduction, limits, answer):
        if passage is not None:
            _pass(console, passage)
    return "\n".join(line.rstrip() for line in target.getvalue().rstrip().split("\n")) + "\n"


def _say(console: Console, texts: Iterable[str], marks: Iterable[str] = ()) -> None:
    """Lines with their marks before them, and an empty one after them."""
    said = [
        _hanging(mark, plain(text)) if mark else Text(plain(text))
        for text, mark in zip_longest(texts, marks, fillvalue="")
    ]
    for line in said:
        console.print(line)
    if said:
        console.print()


def _pass(console: Console, passage: Passage) -> None:
    """A passage without its tables, which stand in report.md."""
    console.print(Text(passage.title, style="bold"))
    _say(console, [passage.opening] if passage.opening else [])
    _say(console, passage.points, ["- "] * len(passage.points))
    _say(console, passage.notes)


def _hanging(mark: str, text: str) -> Table:
    """Text with its number before it, the lines below the first indented as far."""
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark), Text(text))
    return grid


def _figure(shown: Shown, between: str) -> Text:
    """A figure in one column; a void one in brackets, since not every terminal strikes out."""
    mark = "" if shown.mark is None else f" [{shown.mark}]"
    if shown.struck:
        return Text.assemble("(", (shown.value, "strike"), f"){between}void{mark}")
    return Text(between.join(part for part in (shown.value + mark, shown.around) if part))


def _texts(line: Line, between: str) -> tuple[Text, ...]:
    """The parts of a line, its notes last."""
    figures = (_figure(shown, between) for shown in line.figures)
    return (Text(plain(line.stack)), *figures, Text(line.rounds), Text(line.notes))


def _layout(content: Content, width: int) -> tuple[str, list[int]]:
    """What stands between a figure and its interval, and the columns' widths, the same in all tables.

    Names and notes fold where the page is narrow, figures do not; without a width for them notes have no column.
    """
    if not content.groups:
        return " ", []
    room = width - GAP * len(content.groups[0].headers)
    for between in (" ", "\n"):
        widths = _widths(content.groups, between)
        if sum(widths) <= room:
            return between, widths
    name, *figures, notes = widths
    left = room - sum(figures)
    if left - name >= LEAST_NOTES:
        return "\n", [name, *figures, min(notes, left - name)]
    return "\n", [min(name, max(left + GAP, NARROWEST)), *figures]


def _widths(groups: Iterable[Group], between: str) -> list[int]:
    """The columns that the widest part of each column needs, over all tables."""
    rows: list[tuple[Text, ...]] = []
    for group in groups:
        rows.append(tuple(Text(header if between == " " else header.replace(" ", "\n")) for header in group.headers))
        rows += (_texts(line, between) for line in group.lines)
    return [max(part.cell_len for text in column for part in text.split("\n")) for column in zip(*rows, strict=True)]


def _table(group: Group, widths: list[int], between: str) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim", padding=(0, 1), pad_edge=False, collapse_padding=True)
    last = len(group.headers) - 1
    for index, (header, width) in enumerate(zip(group.headers, widths, strict=False)):
        table.add_column(header, justify="left" if index in {0, last} else "right", overflow="fold", width=width)
    for line in group.lines:
        table.add_row(*_texts(line, between)[: len(widths)])
    return table
