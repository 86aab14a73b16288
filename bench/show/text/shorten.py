"""A document cut to the size that its reader accepts, as a comment on a review."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from bench.show.text.document import Block, Cell, Document, Paragraph, Points, Section, Table, within
from bench.show.text.markdown import escaped
from bench.show.text.words import plain, plural

MOST_BYTES = 60_000
"""GitHub takes 65,536 characters; the rest is for whoever adds words of their own."""

LONGEST_TEXT, LONGEST_CELL = 1000, 60
"""Characters: names come from other people's files, and may be of any length."""

TEXT_BYTES, BLOCK_BYTES = 8, 100
"""What Markdown adds to a text, and to a block with the line that counts what is left out."""


def shortened(document: Document) -> Document:
    """The document with at most MOST_BYTES of Markdown: texts are cut, and long tables and lists end early.

    Titles and paragraphs always stay. Each table may take half of the room that is left, so the first ones get most;
    lists get the rest. What is left out is counted.
    """
    document = replace(
        document, title=_cut(document.title), lead=_cut(document.lead), blocks=_cut_blocks(document.blocks)
    )
    room = MOST_BYTES - _size((document.title, document.lead))
    for block in within(document.blocks):
        room -= BLOCK_BYTES
        if isinstance(block, Section):
            room -= _size((block.title,))
        elif isinstance(block, Paragraph):
            room -= _size((block.text,))
    blocks, room = _fit(document.blocks, room, Table)
    blocks, _ = _fit(blocks, room, Points)
    return replace(document, blocks=blocks)


def _cut(text: str, most: int = LONGEST_TEXT) -> str:
    whole = plain(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def _cut_blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(map(_cut_block, blocks))


def _cut_block(block: Block) -> Block:
    match block:
        case Section():
            return replace(block, title=_cut(block.title), blocks=_cut_blocks(block.blocks))
        case Paragraph():
            return replace(block, text=_cut(block.text))
        case Points():
            return replace(block, texts=tuple(map(_cut, block.texts)))
        case Table():
            return replace(block, rows=tuple(tuple(map(_cut_cell, row)) for row in block.rows))
    return block


def _cut_cell(cell: Cell) -> Cell:
    return replace(cell, text=_cut(cell.text, LONGEST_CELL), detail=_cut(cell.detail, LONGEST_CELL))


def _fit(blocks: Sequence[Block], room: int, kind: type[Table] | type[Points]) -> tuple[tuple[Block, ...], int]:
    """The blocks, those of this kind cut to what there is room for, and the room that is left."""
    fitted: list[Block] = []
    for block in blocks:
        if isinstance(block, Section):
            inner, room = _fit(block.blocks, room, kind)
            fitted.append(replace(block, blocks=inner))
        elif isinstance(block, kind):
            kept, used, left_out = _first(block, room // 2 if kind is Table else room)
            fitted += [*kept, *left_out]
            room -= used
        else:
            fitted.append(block)
    return tuple(fitted), room


def _first(block: Table | Points, room: int) -> tuple[Sequence[Block], int, Sequence[Block]]:
    """The block with the first of its rows or texts, how much room they take, and a line that counts the others."""
    if isinstance(block, Table):
        sizes = [_size(part for cell in row for part in (cell.text, cell.detail)) for row in block.rows]
    else:
        sizes = [_size((text,)) for text in block.texts]
    fitting = [number for number, used in enumerate(accumulate(sizes), start=1) if used <= room]
    number = fitting[-1] if fitting else 0
    if isinstance(block, Table):
        kept: Sequence[Block] = [replace(block, rows=block.rows[:number])]
    else:
        kept = [replace(block, texts=block.texts[:number])] if number else []
    return kept, sum(sizes[:number]), _left_out(len(sizes) - number, "row" if isinstance(block, Table) else "note")


def _left_out(number: int, noun: str) -> list[Block]:
    were = "was" if number == 1 else "were"
    return [Paragraph(f"{plural(number, noun)} {were} left out: there is no room for more.")] if number else []


def _size(texts: Iterable[str]) -> int:
    """Bytes of the texts as Markdown, each with what surrounds it."""
    return sum(len(escaped(text).encode()) + TEXT_BYTES for text in texts)
