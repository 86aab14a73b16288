"""The tables on a terminal, or as plain text where there is none."""

from collections.abc import Iterable
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.show.content import Content, Group, Line
from bench.show.text import plain

PIPED_WIDTH = 100
GAP = 2
NARROWEST = 6


def render(content: Content, *, width: int | None = None, colour: bool = False) -> str:
    """The tables and what is said of them, at most `width` columns wide (None: PIPED_WIDTH).

    Where a figure and its interval do not fit side by side, the interval stands below. Nothing is cut off.
    """
    target = StringIO()
    console = Console(
        file=target,
        width=width or PIPED_WIDTH,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        force_jupyter=False,
        highlight=False,
    )
    between, widths = _layout(content, console.width)
    for group in content.groups:
        console.print(Text(plain(group.title), style="bold"))
        console.print(_table(content.headers, group, widths, between))
    for index, texts in enumerate((content.legend, content.problems, content.remarks)):
        for number, text in enumerate(texts, start=1):
            console.print(_hanging(f"[{number}] ", plain(text)) if index == 1 else Text(plain(text)))
        if texts:
            console.print()
    return "\n".join(line.rstrip() for line in target.getvalue().rstrip().split("\n")) + "\n"


def _hanging(mark: str, text: str) -> Table:
    """Text with its number before it, the lines below the first indented as far."""
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark), Text(text))
    return grid


def _texts(line: Line, between: str) -> tuple[str, ...]:
    figures = (between.join(part for part in parts if part) for parts in line.figures)
    return (plain(line.stack), *figures, line.rounds, line.notes)


def _layout(content: Content, width: int) -> tuple[str, list[int]]:
    """What stands between a figure and its interval, and the columns' widths, the same in all tables.

    Names and notes fold where the page is narrow; figures do not.
    """
    lines = [line for group in content.groups for line in group.lines]
    room = width - GAP * len(content.headers)
    for between in (" ", "\n"):
        widths = _widths(content.headers, lines, between)
        if sum(widths) <= room:
            return between, widths
    name, *figures, notes = widths
    left = max(room - sum(figures), 2 * NARROWEST)
    notes = min(notes, max(left - name, NARROWEST))
    return "\n", [min(name, left - notes), *figures, notes]


def _widths(headers: tuple[str, ...], lines: Iterable[Line], between: str) -> list[int]:
    """The columns that the widest part of each column needs, over all tables."""
    said = headers if between == " " else tuple(header.replace(" ", "\n") for header in headers)
    columns = zip(said, *(_texts(line, between) for line in lines), strict=True)
    return [max(Text(part).cell_len for text in column for part in text.split("\n")) for column in columns]


def _table(headers: tuple[str, ...], group: Group, widths: list[int], between: str) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim", padding=(0, 1), pad_edge=False, collapse_padding=True)
    last = len(headers) - 1
    for index, (header, width) in enumerate(zip(headers, widths, strict=True)):
        table.add_column(header, justify="left" if index in {0, last} else "right", overflow="fold", width=width)
    for line in group.lines:
        table.add_row(*(Text(text) for text in _texts(line, between)))
    return table
