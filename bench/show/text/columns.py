"""How tables fit on a page of a fixed width: how wide their columns are, and what moves below them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from bench.show.text.document import UNRELIABLE, Cell, Table
from bench.show.text.footnotes import Numbers, marks
from bench.show.text.words import plain

NARROWEST = 6
LEAST_WORDS = 16
"""A last column narrower than this would break within words: then it moves below its table."""

TRIES = ((2, " "), (2, "\n"), (1, " "), (1, "\n"))
"""Spaces between columns, and what separates a value from its detail: the first that fits is used."""

Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How tables of one shape are laid out. A width is None where it does not matter.

    `between` separates a value from its detail: a space or a line break. `below`: the last column moves below the
    table, as lines of words.
    """

    gap: int
    between: str
    widths: tuple[int | None, ...]
    below: bool = False


def shape(table: Table) -> Shape:
    """What tables have in common whose columns are aligned with each other over the whole document."""
    return tuple(column.align for column in table.columns)


def layouts(tables: Iterable[Table], numbers: Numbers, width: int) -> dict[Shape, Layout]:
    """A layout for each shape of table, for a page of this width."""
    by_shape: dict[Shape, list[Table]] = {}
    for table in tables:
        by_shape.setdefault(shape(table), []).append(table)
    return {found: _layout(own, numbers, width) for found, own in by_shape.items()}


def pieces(table: Table, numbers: Numbers, width: int) -> tuple[Table, ...]:
    """The table, or if its figures are too wide for the page several tables, each with some of its columns.

    Each has the first column, which names the rows.
    """
    if table.key != 0 or any(column.align == "left" for column in table.columns[1:]):
        return (table,)
    gap, between = TRIES[-1]
    first, *others = _widths([table], numbers, between)
    room = width - min(first, LEAST_WORDS)
    number = max(1, min(room // (max(others, default=1) + gap), len(others)))
    if sum(others) + gap * len(others) <= room:
        return (table,)
    each = math.ceil(len(others) / math.ceil(len(others) / number))
    places = [range(start, min(start + each, len(table.columns))) for start in range(1, len(table.columns), each)]
    return tuple(
        replace(
            table,
            columns=(table.columns[0], *(table.columns[place] for place in own)),
            rows=tuple((row[0], *(row[place] for place in own)) for row in table.rows),
        )
        for own in places
    )


def _layout(tables: Sequence[Table], numbers: Numbers, width: int) -> Layout:
    """The first try that fits. Otherwise the last column narrows or moves below, and then the first one folds."""
    columns = tables[0].columns
    if not any(column.align == "right" for column in columns):
        return Layout(2, " ", (None,) * len(columns))
    for gap, between in TRIES:
        widths = _widths(tables, numbers, between)
        if sum(widths) + gap * (len(widths) - 1) <= width:
            return Layout(gap, between, tuple(widths))
    gap = 2 if any(cell.detail for table in tables for row in table.rows for cell in row) else 1
    first, *middle, last = _widths(tables, numbers, "\n")
    left = width - sum(middle) - gap * (len(columns) - 1)
    if columns[-1].align == "left" and left - first >= LEAST_WORDS:
        return Layout(gap, "\n", (first, *middle, min(last, left - first)))
    if columns[-1].align == "left":
        return Layout(gap, "\n", (min(first, max(left + gap, NARROWEST)), *middle), below=True)
    return Layout(gap, "\n", (max(left - last, NARROWEST), *middle, last))


def _widths(tables: Iterable[Table], numbers: Numbers, between: str) -> list[int]:
    """The width that the widest part of each column needs, over all tables."""
    rows: list[list[Text]] = []
    for table in tables:
        rows.append(
            [Text(column.title if between == " " else column.title.replace(" ", "\n")) for column in table.columns]
        )
        rows += ([cell_text(cell, numbers, between) for cell in row] for row in table.rows)
    return [max(part.cell_len for text in column for part in text.split("\n")) for column in zip(*rows, strict=True)]


def cell_text(cell: Cell, numbers: Numbers, between: str = " ") -> Text:
    """A cell in one column. A struck-out value is in brackets with a word, because not every terminal strikes out."""
    references = "".join(f" [{number}]" for number in marks(cell, numbers))
    if cell.struck:
        return Text.assemble("(", (plain(cell.text), "strike"), f"){between}{UNRELIABLE}{references}")
    return Text(between.join(part for part in ((plain(cell.text) + references).strip(), plain(cell.detail)) if part))


def laid_out(table: Table, numbers: Numbers, layout: Layout) -> RichTable:
    """The table as it is printed, without what moves below it."""
    drawn = RichTable(
        box=SIMPLE_HEAD,
        header_style="dim",
        padding=(0, layout.gap - 1),
        pad_edge=False,
        collapse_padding=True,
        show_edge=False,
    )
    for column, width in zip(table.columns, layout.widths, strict=False):
        drawn.add_column(plain(column.title), justify=column.align, overflow="fold", width=width)
    for row in table.rows:
        drawn.add_row(*(cell_text(cell, numbers, layout.between) for cell in row[: len(layout.widths)]))
    return drawn
