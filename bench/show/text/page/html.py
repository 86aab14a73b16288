"""A document as one HTML file, which needs no network and no other file."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from bench.show.text.document import UNRELIABLE, Block, Contents, Document, Section, numbered
from bench.show.text.words import plain


def render(document: Document) -> str:
    """The HTML text. The same document gives the same text.

    Whatever the document says is text in it and never markup, on one line and without unprintable characters.
    """
    style, script = _read("style.css"), _read("script.js")
    text = _TEMPLATES.get_template("template.html").render(
        document=document,
        links=_after_contents(document),
        numbers=numbered(document),
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
    return tuple(block for block in blocks if isinstance(block, Section))


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: nothing but this style, this script and images that are in the page itself."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """How the policy names an element of exactly this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _address(svg: bytes) -> str:
    """The drawing itself as the address of an image.

    An image and not markup: so the ids of two drawings cannot clash, and the style attributes of a drawing do not
    count as the page's, which allows none.
    """
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


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
_TEMPLATES.filters.update(address=_address, sections=_sections, kind=lambda block: type(block).__name__.lower())
