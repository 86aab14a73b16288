"""A document on a terminal, or as plain text where there is none."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from bench.show.text.columns import Layout, Shape, cell_text, laid_out, layouts, pieces, shape
from bench.show.text.document import (
    Block,
    Code,
    Document,
    Facts,
    Footnotes,
    Paragraph,
    Points,
    Section,
    Table,
    one_after_another,
    within,
)
from bench.show.text.footnotes import Footnote, Numbers, footnotes, numbered
from bench.show.text.words import plain

PIPED_WIDTH = 80

_Part = list[RenderableType]
"""What belongs together; an empty line separates it from the next part."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What all blocks of a document share: the numbers of its notes, the layouts of its tables and its width."""

    numbers: Numbers
    layouts: Mapping[Shape, Layout]
    width: int


def console_to(target: StringIO, width: int, *, colour: bool) -> Console:
    """A console that draws into `target`, equally on every machine."""
    return Console(
        file=target,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        force_jupyter=False,
        highlight=False,
    )


def render(document: Document, *, width: int | None = None, colour: bool = False) -> str:
    """The text, at most `width` columns wide (None: PIPED_WIDTH), the same on every machine; nothing is cut off.

    Title and lead each stay on one line, however long. Pictures are left out.
    """
    target = StringIO()
    console = console_to(target, width or PIPED_WIDTH, colour=colour)
    document = one_after_another(document)
    numbers = numbered(document)
    tables = (block for block in within(document.blocks) if isinstance(block, Table))
    parts = (piece for table in tables for piece in pieces(table, numbers, console.width))
    page = _Page(numbers, layouts(parts, numbers, console.width), console.width)
    head = [Text(plain(text), style=style) for text, style in ((document.title, "bold"), (document.lead, "")) if text]
    for line in head:
        console.print(line, soft_wrap=True)
    for number, part in enumerate(_parts(document.blocks, page)):
        if number or head:
            console.print()
        for one in part:
            console.print(one)
    return "\n".join(line.rstrip() for line in target.getvalue().rstrip().split("\n")) + "\n"


def _parts(blocks: Iterable[Block], page: _Page) -> Iterator[_Part]:
    for block in blocks:
        match block:
            case Section():
                yield from _section(block, page)
            case Paragraph():
                link = f" {plain(block.link.text)}" if block.link else ""
                yield [Text(plain(block.text) + link)]
            case Points():
                yield [_hanging("- ", text) for text in block.texts]
            case Facts():
                yield [_hanging(f"{plain(name)}: ", value) for name, value in block.pairs]
            case Code():
                yield [_hanging("    ", block.text)]
            case Table():
                for piece in pieces(block, page.numbers, page.width):
                    yield from _table(piece, page)
            case Footnotes() if page.numbers:
                yield [line for one in footnotes(page.numbers) for line in _footnote(one)]


def _section(section: Section, page: _Page) -> Iterator[_Part]:
    """The parts under their heading; a section with nothing to show has none."""
    parts = list(_parts(section.blocks, page))
    heading: _Part = [Text(plain(section.title), style="bold")]
    if parts and isinstance(section.blocks[0], Section):
        yield heading
        yield from parts
    elif parts:
        yield [*heading, *parts[0]]
        yield from parts[1:]


def _table(table: Table, page: _Page) -> Iterator[_Part]:
    """The table, and below it the last column where that had no room."""
    layout = page.layouts[shape(table)]
    yield [laid_out(table, page.numbers, layout)]
    if layout.below:
        words = [(row[table.key or 0].text, cell_text(row[-1], page.numbers)) for row in table.rows]
        lines = [_hanging(f"{plain(name)}: ", said) for name, said in words if said]
        if lines:
            yield list[RenderableType](lines)


def _footnote(one: Footnote) -> Iterator[RichTable]:
    yield _hanging(f"[{one.number}] ", one.problem)
    yield from (_hanging("    - ", row) for row in one.rows)


def _hanging(mark: str, text: str | Text) -> RichTable:
    """Text with its mark before it, the lines below the first indented as far."""
    grid = RichTable.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark), Text(plain(text)) if isinstance(text, str) else text)
    return grid
