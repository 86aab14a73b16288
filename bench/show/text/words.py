"""Words from a run, made safe to show, and joined into parts of sentences."""

from collections.abc import Sequence

from bench.errors import cut, plain

__all__ = ("commit", "cut", "listed", "plain", "plural")

SHORT_COMMIT = 7


def plural(number: int, noun: str) -> str:
    """A number of things: 1 user, 10 users."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Words as part of a sentence: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def commit(digest: str, *, dirty: bool | None) -> str:
    """A commit, and whether the working tree had more: `0123456, with uncommitted changes`."""
    return f"{digest[:SHORT_COMMIT]}{', with uncommitted changes' if dirty else ''}"
