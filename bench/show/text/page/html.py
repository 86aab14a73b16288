"""A document as one HTML file, which needs no network and no other file."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from bench.show.text.document import (
    UNRELIABLE,
    Block,
    Cell,
    Contents,
    Document,
    Picture,
    Section,
    TimeLines,
    within,
)
from bench.show.text.footnotes import footnotes, marks, numbered
from bench.show.text.page import timelines
from bench.show.text.page.drawing import drawn
from bench.show.text.words import plain

TINTS = 6
"""How many tints the style has: a policy that forbids styles of single elements leaves no more of them."""


def render(document: Document) -> str:
    """The HTML text. The same document gives the same text.

    Whatever the document says is text in it and never markup, on one line and without unprintable characters.
    """
    style, script = _read("style.css"), _read("script.js") + _read("timelines.js")
    numbers = numbered(document)
    text = _TEMPLATES.get_template("template.html").render(
        document=document,
        links=_after_contents(document),
        numbers=numbers,
        footnotes=footnotes(numbers),
        short=_short_names(document),
        unreliable=UNRELIABLE,
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return text + "\n"


def _after_contents(document: Document) -> tuple[Section, ...]:
    """The sections that the table of contents lists: those below it."""
    places = [place for place, block in enumerate(document.blocks) if isinstance(block, Contents)]
    return _sections(document.blocks[places[0] :]) if places else ()


def _sections(blocks: Iterable[Block]) -> tuple[Section, ...]:
    """The sections among the blocks; those that are folded are found where they are."""
    return tuple(block for block in blocks if isinstance(block, Section) and not block.folded)


def _short_names(document: Document) -> dict[str, str]:
    """A short name for each drawing, by its name."""
    blocks = (block.picture if isinstance(block, TimeLines) else block for block in within(document.blocks))
    names = dict.fromkeys(block.name for block in blocks if isinstance(block, Picture))
    return {name: f"c{number}" for number, name in enumerate(names)}


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: nothing but this style and this script; the icon is an empty address."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """How the policy names an element of exactly this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _carried(block: TimeLines) -> tuple[Markup, str]:
    """All time lines as the content of a script element, and what it lacks."""
    found = timelines.written(block)
    return Markup(found.text), found.left_out  # noqa: S704 (in it nothing can end the element)


def _tint(cell: Cell) -> int:
    """Which of the tints a cell has, from 1; 0 for none."""
    return round(TINTS * (cell.tint or 0.0))


def _read(name: str) -> str:
    """The text of a file in this folder."""
    return files("bench.show.text.page").joinpath(name).read_text(encoding="utf-8")


def _one_line(value: object) -> object:
    """Text made plain; what is not text, or is markup already, as it is."""
    return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


_TEMPLATES = Environment(
    loader=FunctionLoader(_read),
    autoescape=True,
    undefined=StrictUndefined,
    # Every value that a template writes out goes through this before it is escaped.
    finalize=_one_line,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    drawn=drawn,
    carried=_carried,
    sections=_sections,
    kind=lambda block: type(block).__name__.lower(),
    marks=marks,
    tint=_tint,
)
