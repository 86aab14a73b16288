"""What stands in a report beside the figures: passages of words, with plain tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of words under a title."""

    title: str
    headers: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A part with a heading: an opening sentence or none, points, notes below them, and tables for the long report."""

    title: str
    opening: str = ""
    points: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()
