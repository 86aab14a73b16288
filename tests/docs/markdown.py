"""The parts of a page that tests check: fenced blocks, inline code, links and headings."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted((ROOT / "docs").glob("*.md")),
    )
)
"""Relative to the repository."""

_FENCE = re.compile(r"^(?: |[-*] )*(`{3,}) *([^\s`]*)[^`]*$")
_NAMED = re.compile(r"# (?P<name>[\w./-]+\.(?:py|toml))(?=[\s,:;]|$)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_INLINE_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_BARE = re.compile(r"<(https?://[^>\s]+)>")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its page, the number of its first line, the word after the fence, and its text."""

    page: str
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that its first line names, such as `# mine.toml: ...`; None if it names none."""
        found = _NAMED.match(self.text)
        return None if found is None else found["name"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image: page, line, and the target as written."""

    page: str
    line: int
    target: str


def text_of(page: str) -> str:
    """The whole page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> tuple[Block, ...]:
    """The fenced blocks of the page, in order. Raises ValueError if one is not closed."""
    return tuple(_blocks(page))


def prose(page: str) -> str:
    """The page with empty lines in place of its fenced blocks, so that lines keep their numbers."""
    lines = text_of(page).split("\n")
    for block in blocks(page):
        end = block.line + block.text.count("\n")
        lines[block.line - 2 : end] = [""] * (end - block.line + 2)
    return "\n".join(lines)


def inline_code(page: str) -> Iterator[tuple[int, str]]:
    """Each code span outside the blocks, joined to one line, with the number of its first line."""
    text = prose(page)
    for found in _CODE.finditer(text):
        yield _line(text, found), " ".join(found[2].split())


def links(page: str) -> tuple[Link, ...]:
    """Every link and image."""
    text = _CODE.sub(lambda found: "\n" * found[0].count("\n"), prose(page))
    return tuple(
        Link(page, _line(text, found), found[1])
        for pattern in (_INLINE_LINK, _REFERENCE, _BARE)
        for found in pattern.finditer(text)
    )


def anchors(page: str) -> frozenset[str]:
    """The anchors of the page, as GitHub derives them from headings."""
    text = prose(page)
    seen: Counter[str] = Counter()
    found = set(_ANCHOR.findall(text))
    for heading in _HEADING.findall(text):
        name = slug(heading)
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(found)


def slug(heading: str) -> str:
    """The anchor of a heading: its words in lower case, joined by hyphens, without other characters."""
    words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _blocks(page: str) -> Iterator[Block]:
    opened: tuple[int, str, str] | None = None
    inside: list[str] = []
    for number, line in enumerate(text_of(page).split("\n"), start=1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence is not None:
                opened, inside = (number + 1, fence[1], fence[2]), []
        elif fence is not None and fence[1].startswith(opened[1]) and not fence[2]:
            yield Block(page, opened[0], opened[2], textwrap.dedent("\n".join([*inside, ""])))
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise ValueError(f"{page}: the block of line {opened[0]} is not closed")


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1
