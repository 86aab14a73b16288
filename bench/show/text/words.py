"""Words from a run, made safe to show, and joined into parts of sentences."""

import re
from collections.abc import Sequence


def plain(text: str) -> str:
    """`text` on one line, with unprintable characters written as escapes: names come from other people's files."""
    line = re.sub(r"\s+", " ", text).strip()
    if line.isprintable():
        return line
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)


def plural(number: int, noun: str) -> str:
    """A number of things: 1 user, 10 users."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Words as part of a sentence: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
