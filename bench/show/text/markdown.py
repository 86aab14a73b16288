"""A document as Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bench.show.text.document import (
    Block,
    Cell,
    Code,
    Document,
    Facts,
    Footnotes,
    Link,
    Paragraph,
    Picture,
    Points,
    Section,
    Table,
    TimeLines,
    one_after_another,
)
from bench.show.text.footnotes import Footnote, Numbers, footnotes, marks, numbered
from bench.show.text.words import plain

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#])")
_SIDES = {"left": "---", "right": "---:"}


@dataclass(frozen=True, slots=True)
class _Page:
    """What all blocks of a document share: the numbers of its notes, and the address of its pictures' folder."""

    numbers: Numbers
    pictures: str


def render(document: Document, *, level: int | None = 1, pictures: str = "charts") -> str:
    """The Markdown. `level` is that of the title, None for bold lines in place of headings.

    `pictures`: the folder with the drawings, as seen from the file that the Markdown goes into.
    """
    document = one_after_another(document)
    page = _Page(numbered(document), pictures)
    head = [_heading(document.title, level)] if document.title else []
    lead = [escaped(document.lead)] if document.lead else []
    below = None if level is None else level + 1
    return "\n\n".join([*head, *lead, *_parts(document.blocks, page, below)]) + "\n"


def _parts(blocks: Iterable[Block], page: _Page, level: int | None) -> Iterator[str]:
    """The parts between empty lines; a section with nothing to show has none."""
    for block in blocks:
        match block:
            case Section():
                parts = list(_parts(block.blocks, page, None if level is None else level + 1))
                if parts and block.folded:
                    yield from (f"<details>\n<summary>{escaped(block.title)}</summary>", *parts, "</details>")
                elif parts:
                    yield from (_heading(block.title, level), *parts)
            case Paragraph():
                yield escaped(block.text) + (f" {link(block.link)}" if block.link else "")
            case Points():
                yield "\n".join(f"- {escaped(text)}" for text in block.texts)
            case Facts():
                yield "\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in block.pairs)
            case Code():
                yield code_block(plain(block.text))
            case Picture():
                yield picture(block, page.pictures)
                yield escaped(block.caution)
            case TimeLines():
                yield from _parts((block.picture,), page, level)
            case Table():
                yield _table(block, page.numbers)
            case Footnotes() if page.numbers:
                yield "\n".join(_footnote(one) for one in footnotes(page.numbers))


def _heading(title: str, level: int | None) -> str:
    return f"**{escaped(title)}**" if level is None else f"{'#' * level} {escaped(title)}"


def _footnote(one: Footnote) -> str:
    rows = (f"  - {escaped(row)}" for row in one.rows)
    return "\n".join((f"- \\[{one.number}\\] {escaped(one.problem)}", *rows))


def _table(found: Table, numbers: Numbers) -> str:
    return table(
        [escaped(column.title) for column in found.columns],
        [_SIDES[column.align] for column in found.columns],
        [[_cell(cell, numbers) for cell in row] for row in found.rows],
    )


def _cell(cell: Cell, numbers: Numbers) -> str:
    """A cell; only the tildes that strike it out are not escaped."""
    text = f"~~{escaped(cell.text)}~~" if cell.struck else escaped(cell.text)
    references = (f"\\[{number}\\]" for number in marks(cell, numbers))
    return " ".join(part for part in (text, *references, escaped(cell.detail)) if part)


def escaped(text: str) -> str:
    """`text` on one line of Markdown, with every character standing for itself."""
    found = _SPECIAL.sub(r"\\\1", plain(text))
    return found.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(one: Link) -> str:
    """A link; special characters of its address are escaped."""
    return f"[{escaped(one.text)}]({quote(one.address)})"


def picture(one: Picture, folder: str) -> str:
    """The PNG, its finding as text alternative, and a link to the SVG."""
    address = f"{quote(folder)}/{one.name}"
    return f"[![{escaped(one.finding)}]({address}.png)]({address}.svg)"


def code_block(text: str) -> str:
    """`text` as a block of code, fenced by more backticks than it has in a row."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def table(headers: Sequence[str], sides: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already. `sides`: --- for words, ---: for numbers."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (headers, sides, *rows))
