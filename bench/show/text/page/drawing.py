"""A drawing of matplotlib as a part of the page: it follows the theme, its marks can be pointed at, and it is small."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from bench.show.text.document import Picture
from bench.show.text.words import plain

PIXELS_A_POINT = 4 / 3
DECIMALS, SHAPE_DECIMALS = 1, 2
"""Of a coordinate, in points, and of one within a shape that is used at many places."""

PLACED = ("x", "y", "width", "height", "d")
PLACES = {"xlink:href", "x", "y"}
"""The attributes of a used shape that do not say how it looks."""

LEFT_OUT = {("text-anchor", "start"), ("target", "_blank")}
_NUMBER = re.compile(r"-?\d+\.\d+")
_TAG = re.compile(r"<(/?)(\w+)([^>]*?)(/?)>([^<]*)")
_ATTRIBUTE = re.compile(r' ([\w:-]+)="([^"]*)"')
_SPACES = re.compile(r"\s*([A-Za-z])\s*|\s+")
_ID = re.compile(r"(?<=#)[^\s\")]+|^[^#]+$")


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag with the text after it: `closing` or `alone` is a slash where it has one there."""

    closing: str
    name: str
    pairs: Mapping[str, str]
    alone: str
    text: str


def drawn(picture: Picture, name: str) -> Markup:
    """The SVG element, whose ids begin with the name. Its text alternative is the picture's finding.

    The page allows no style attributes, so they become attributes of the same names. The rule that matplotlib writes
    for every element is in style.css, and so is the font. Written in short: groups that say nothing are left out, what
    several marks in a row say is said once, ids are short, and coordinates are rounded.
    """
    text = re.sub(r"<metadata>.*?</metadata>|<style\b.*?</style>", "", picture.svg.decode(), flags=re.DOTALL)
    start, _, inner = text[text.index("<svg") :].partition(">")
    box = re.search(r'viewBox="([-0-9. ]+)"', start)
    if box is None:
        raise ValueError(f"the drawing {picture.name} has no size")
    wide = round(float(box[1].split()[2]) * PIXELS_A_POINT)
    head = Markup('<svg class="chart" viewBox="{}" width="{}" role="group" aria-label="{}">').format(
        box[1], wide, plain(picture.finding)
    )
    tags = _shared(_speaking(_renamed(_parsed(inner), name)))
    return head + Markup("".join(map(_written, tags)))  # noqa: S704 (drawn by us: what is not ours in it is escaped)


def _parsed(svg: str) -> Iterator[_Tag]:
    for closing, name, attributes, alone, text in _TAG.findall(svg):
        pairs: dict[str, str] = {}
        for key, value in _ATTRIBUTE.findall(attributes):
            pairs |= dict(_declared(value)) if key == "style" else {key: value}
        turned = not pairs.get("transform", "rotate(-0 ").startswith("rotate(-0 ")
        kept = dict(pair for pair in pairs.items() if pair not in LEFT_OUT and (turned or pair[0] != "transform"))
        yield _Tag(closing, name, kept, alone, text if name == "text" and not closing else "")


def _declared(style: str) -> Iterator[tuple[str, str]]:
    """The declarations of a style as attributes; the font is the page's."""
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() not in {"", "font-family"}:
            yield name.strip(), value.strip()


def _renamed(tags: Iterable[_Tag], name: str) -> Iterator[_Tag]:
    """The tags with short ids and rounded places."""
    ids: dict[str, str] = {}

    def short(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"{name}-{len(ids):x}")

    def value(key: str, text: str, decimals: int) -> str:
        if key in {"id", "xlink:href", "clip-path"}:
            return _ID.sub(short, text)
        if key not in PLACED:
            return text
        rounded = _NUMBER.sub(lambda found: f"{float(found[0]):.{decimals}f}".rstrip("0").rstrip("."), text)
        return _SPACES.sub(lambda found: found[1] or " ", rounded).strip() if key == "d" else rounded

    for tag in tags:
        is_shape = "id" in tag.pairs
        # A shape looks as whoever uses it says. What it says itself would be in the way of the themes.
        said = {key: text for key, text in tag.pairs.items() if not is_shape or not key.startswith("stroke")}
        pairs = {key: value(key, text, SHAPE_DECIMALS if is_shape else DECIMALS) for key, text in said.items()}
        yield _Tag(tag.closing, tag.name, pairs, tag.alone, tag.text)


def _speaking(tags: Iterable[_Tag]) -> Iterator[_Tag]:
    """The tags without groups that have no attribute."""
    kept: list[bool] = []  # of each group that is open
    for tag in tags:
        if tag.name == "g":
            if not tag.closing:
                kept.append(bool(tag.pairs))
            if not (kept.pop() if tag.closing else kept[-1]):
                continue
        yield tag


def _shared(tags: Iterable[_Tag]) -> Iterator[_Tag]:
    """The tags, those of used shapes that look alike and follow one another in a group that says how they look."""
    for look, found in groupby(tags, key=_look):
        run = list(found)
        if len(run) == 1 or not look:
            yield from run
            continue
        yield _Tag("", "g", dict(look), "", "")
        for tag in run:
            pairs = {key: value for key, value in tag.pairs.items() if key in PLACES}
            yield _Tag(tag.closing, tag.name, pairs, tag.alone, tag.text)
        yield _Tag("/", "g", {}, "", "")


def _look(tag: _Tag) -> tuple[tuple[str, str], ...]:
    """How a used shape looks, which many have in common; nothing of other tags."""
    return tuple(pair for pair in tag.pairs.items() if pair[0] not in PLACES) if tag.name == "use" else ()


def _written(tag: _Tag) -> str:
    attributes = "".join(f' {key.removeprefix("xlink:")}="{value}"' for key, value in tag.pairs.items())
    return f"<{tag.closing}{tag.name}{attributes}{tag.alone}>{tag.text}"
