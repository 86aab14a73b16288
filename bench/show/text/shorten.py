"""A document cut to the size that its reader accepts, as a comment on a review."""

from bisect import bisect
from dataclasses import replace

from bench.show.text.document import (
    Block,
    Cell,
    Document,
    Paragraph,
    Points,
    Section,
    Table,
    one_after_another,
    within,
)
from bench.show.text.markdown import render
from bench.show.text.words import cut, plural

MOST_BYTES = 60_000
"""GitHub takes 65,536 characters; the rest is room for other words in the comment."""

LONGEST_TEXT, LONGEST_CELL = 1000, 60
"""Characters: names come from other people's files, and may be of any length."""


def shortened(document: Document) -> Document:
    """The document with at most MOST_BYTES of Markdown: texts are cut, and long tables and lists end early.

    Titles and paragraphs stay. Each table and list keeps its first rows, and then counts those that are left out.
    """
    document = one_after_another(document)
    lengths = [len(_rows(block)) for block in within(document.blocks) if isinstance(block, Table | Points)]
    longest = max(lengths, default=0)
    cut = _first(document, longest)
    fitting = bisect(range(longest + 1), MOST_BYTES, key=lambda number: _bytes(_first(cut, number)))
    return _first(cut, max(fitting - 1, 0))


def _bytes(document: Document) -> int:
    return len(render(document, level=None).encode())


def _rows(block: Table | Points) -> tuple[object, ...]:
    return block.rows if isinstance(block, Table) else block.texts


def _first(document: Document, number: int) -> Document:
    """The document with so many rows of each table and list, and with texts cut."""
    blocks = tuple(part for block in document.blocks for part in _blocks(block, number))
    return Document(cut(document.title, LONGEST_TEXT), cut(document.lead, LONGEST_TEXT), blocks)


def _blocks(block: Block, number: int) -> list[Block]:
    """The block, and a line that counts what was left out of it."""
    match block:
        case Section():
            inner = tuple(part for one in block.blocks for part in _blocks(one, number))
            return [replace(block, title=cut(block.title, LONGEST_TEXT), blocks=inner)]
        case Paragraph():
            return [replace(block, text=cut(block.text, LONGEST_TEXT))]
        case Points():
            kept = [Points(tuple(cut(text, LONGEST_TEXT) for text in block.texts[:number]))] if number else []
            return [*kept, *_left_out(len(block.texts) - number, "note")]
        case Table():
            rows = tuple(tuple(map(_cut_cell, row)) for row in block.rows[:number])
            return [replace(block, rows=rows), *_left_out(len(block.rows) - number, "row")]
    return [block]


def _cut_cell(cell: Cell) -> Cell:
    return replace(cell, text=cut(cell.text, LONGEST_CELL), detail=cut(cell.detail, LONGEST_CELL))


def _left_out(number: int, noun: str) -> list[Block]:
    were = "was" if number == 1 else "were"
    return [Paragraph(f"{plural(number, noun)} {were} left out: there is no room for more.")] if number > 0 else []
