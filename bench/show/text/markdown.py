"""Words that come from a run: made safe for a terminal, a chart or Markdown, and put together for all of them."""

import re
from collections.abc import Iterable, Sequence

_MARKDOWN = re.compile(r"([\\`*_{}\[\]|~$#])")


def plain(text: str) -> str:
    """`text` on one line, whatever is not printable written as an escape: names come from other people's files."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in re.sub(r"\s+", " ", text).strip()
    )


def markdown(text: str) -> str:
    """`text` on one line of Markdown, every character of it standing for itself."""
    escaped = _MARKDOWN.sub(r"\\\1", plain(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code_block(text: str) -> str:
    """`text` as a block of code: fenced by more backticks than it has in a row."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def table(headers: Sequence[str], sides: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, of cells that are Markdown already; `sides`: --- for words, ---: for figures."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (headers, sides, *rows))


def plural(number: int, noun: str) -> str:
    """A number of things: 1 user, 10 users."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Words as part of a sentence: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
