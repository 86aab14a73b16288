"""A document as one HTML file, which needs no network and no other file."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from bench.show.text.document import UNRELIABLE, Block, Contents, Document, Picture, Section, TimeLines, numbered
from bench.show.text.page import timelines
from bench.show.text.words import plain

PIXELS_A_POINT = 4 / 3


def render(document: Document) -> str:
    """The HTML text. The same document gives the same text.

    Whatever the document says is text in it and never markup, on one line and without unprintable characters.
    """
    style, script = _read("style.css"), _read("script.js") + _read("timelines.js")
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
    """The Content-Security-Policy: nothing but this style and this script; the icon is an empty address."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """How the policy names an element of exactly this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _drawn(picture: Picture) -> Markup:
    """The drawing as a part of the page, so that it follows the theme and its marks can be pointed at.

    The page allows no style attributes, so they become attributes of the same names. The rule that matplotlib writes
    for every element is in style.css.
    """
    text = re.sub(r"<metadata>.*?</metadata>|<style\b.*?</style>", "", picture.svg.decode(), flags=re.DOTALL)
    start, _, inner = text[text.index("<svg") :].partition(">")
    box = re.search(r'viewBox="([-0-9. ]+)"', start)
    if box is None:
        raise ValueError(f"the drawing {picture.name} has no size")
    inner = re.sub(r' style="([^"]*)"', lambda found: _attributes(found[1]), inner)
    wide = round(float(box[1].split()[2]) * PIXELS_A_POINT)
    head = Markup('<svg class="chart" viewBox="{}" width="{}" role="group" aria-label="{}">').format(
        box[1], wide, plain(picture.finding)
    )
    return head + Markup(inner)  # noqa: S704 (drawn by us: what is not ours in it is escaped)


def _carried(block: TimeLines) -> tuple[Markup, str]:
    """All time lines as the content of a script element, and what it lacks."""
    found = timelines.written(block)
    return Markup(found.text), found.left_out  # noqa: S704 (in it nothing can end the element)


def _attributes(style: str) -> str:
    """The declarations of a style as attributes."""
    pairs = (declaration.partition(":") for declaration in style.split(";") if declaration.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in pairs)


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
    drawn=_drawn, carried=_carried, sections=_sections, kind=lambda block: type(block).__name__.lower()
)
