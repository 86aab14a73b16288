"""The document model: what a report or a verdict says. Builders fill it; the renderers know nothing else.

All texts are plain: a renderer escapes them, and puts each on one line.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

UNRELIABLE = "unreliable"
"""What a renderer says of a struck-out value where it cannot strike it out."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a footnote says of one row. All notes of a `problem` are one footnote, with one number.

    `row`: which row it concerns, and the figures that show it there; empty where the problem says it all.
    """

    problem: str
    row: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: a text, more of it in `detail` (beside it or below it), and the notes that it refers to.

    `struck`: the text is a value that must not be used. `value`: the number to sort by; None sorts last. `tint`: how
    strongly it is coloured, from 0 to 1, where the renderer has colours; None for a cell that is not compared.
    """

    text: str
    detail: str = ""
    notes: tuple[Note, ...] = ()
    struck: bool = False
    # Not part of what is shown: cells that read alike are equal.
    value: float | None = field(default=None, compare=False)
    tint: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `key`: the column that names each row, which a reader may filter by; None where no column does.

    `tints`: what the tints of its cells mean, for renderers that have colours; empty where nothing need be said.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    key: int | None = None
    sortable: bool = False
    tints: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a text leads."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, which may end with a link."""

    text: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences, in no order of rank."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A command, as a shell takes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart. `name`: its files without their ending.

    `finding`: what it shows, with the figures: its text alternative. `caution`: how it is misread.
    """

    name: str
    title: str
    finding: str
    caution: str
    svg: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class Track:
    """A figure over time, in its unit (see bench.units), None where it has no value. `void`: why it is unreliable.

    It is called `name` in a sentence and `title` above a panel.
    """

    name: str
    title: str
    unit: str
    values: tuple[float | None, ...]
    void: str | None


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A cell from the begin of its load: a value of each track for every `bin_s`, and where its window lies.

    `drawn`: whether it is the one in the picture.
    """

    stack: str
    scenario: str
    load: str
    round: int
    colour: str
    drawn: bool
    bin_s: float
    window_s: tuple[float, float]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class TimeLines:
    """The picture of one time line, and all of them for renderers that can draw the one that a reader chooses."""

    picture: Picture
    lines: tuple[TimeLine, ...]


@dataclass(frozen=True, slots=True)
class Footnotes:
    """The place of all notes that the document refers to."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A list of links to the sections that follow, for renderers that have links within a page."""

    title: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that hides the rows whose key does not match, for renderers that can. `noun`: what the keys name."""

    label: str
    noun: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading. `name`: unique in the document, where links lead.

    `detail`: brief variants of the document leave it out. `prominent`: set apart from the others where possible.
    `folded`: only its title shows until a reader asks for the rest, where possible.
    """

    name: str
    title: str
    blocks: tuple["Block", ...]
    detail: bool = False
    prominent: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Sections of which a reader sees one and chooses which, for renderers that can.

    The others show those that are no details, one after another. `name`: unique in the document.
    """

    name: str
    label: str
    sections: tuple[Section, ...]


Block = (
    Section | Choice | Paragraph | Points | Facts | Table | Code | Picture | TimeLines | Footnotes | Contents | Filter
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its title and a lead, either of which may be empty, and its blocks."""

    title: str
    lead: str
    blocks: tuple[Block, ...]


def words_table(
    headers: Sequence[str],
    lines: Iterable[Sequence[str]],
    *,
    key: str | None = None,
    right: Container[str] = (),
) -> Table:
    """A table of plain texts. `key`: the header of the column that names each row; `right`: those of numbers."""
    return Table(
        columns=tuple(Column(header, "right" if header in right else "left") for header in headers),
        rows=tuple(tuple(Cell(text) for text in line) for line in lines),
        key=None if key is None else list(headers).index(key),
    )


def points(texts: Iterable[str]) -> tuple[Points, ...]:
    """A list of these, or nothing where there are none."""
    found = tuple(texts)
    return (Points(found),) if found else ()


def paragraphs(texts: Iterable[str]) -> tuple[Paragraph, ...]:
    """A paragraph for each of these."""
    return tuple(Paragraph(text) for text in texts)


def chosen(document: Document, names: Sequence[str]) -> Document:
    """A brief variant: the sections of these names, in this order, without title, lead and details."""
    sections = {block.name: block for block in document.blocks if isinstance(block, Section)}
    kept = (sections[name] for name in names if name in sections)
    return Document("", "", tuple(replace(one, blocks=_changed(one.blocks, _undetailed)) for one in kept))


def one_after_another(document: Document) -> Document:
    """The document for a renderer without choices: in place of each, its sections that are no details."""
    return replace(document, blocks=_changed(document.blocks, _unchosen))


def _changed(blocks: Iterable[Block], change: Callable[[Block], tuple[Block, ...]]) -> tuple[Block, ...]:
    """What `change` makes of each of the blocks, and of all that lie within them."""
    return tuple(
        replace(new, blocks=_changed(new.blocks, change)) if isinstance(new, Section) else new
        for block in blocks
        for new in change(block)
    )


def _undetailed(block: Block) -> tuple[Block, ...]:
    """Nothing for a detail."""
    if isinstance(block, Choice):
        return (replace(block, sections=tuple(one for one in block.sections if not one.detail)),)
    return () if isinstance(block, Section) and block.detail else (block,)


def _unchosen(block: Block) -> tuple[Block, ...]:
    return tuple(one for one in block.sections if not one.detail) if isinstance(block, Choice) else (block,)


def within(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, and all that lie within them, in the order of reading."""
    for block in blocks:
        yield block
        if isinstance(block, Section):
            yield from within(block.blocks)
        elif isinstance(block, Choice):
            yield from within(block.sections)
