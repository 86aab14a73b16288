"""The footnotes of a document: each problem has one number, and below it the rows that it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.show.text.document import Cell, Document, Note, Table, within

Numbers = Mapping[Note, int]
"""The notes in the order of reading, each with the number of its footnote."""


@dataclass(frozen=True, slots=True)
class Footnote:
    """A problem with its number, and what is said of each row that has it."""

    number: int
    problem: str
    rows: tuple[str, ...]


def numbered(document: Document) -> dict[Note, int]:
    """The notes that the document refers to with their numbers: from 1, in the order in which problems are read of."""
    tables = (block for block in within(document.blocks) if isinstance(block, Table))
    notes = dict.fromkeys(note for table in tables for row in table.rows for cell in row for note in cell.notes)
    problems = {problem: number for number, problem in enumerate(dict.fromkeys(note.problem for note in notes), 1)}
    return {note: problems[note.problem] for note in notes}


def footnotes(numbers: Numbers) -> tuple[Footnote, ...]:
    """The footnotes in the order of their numbers."""
    rows: dict[tuple[int, str], list[str]] = {}
    for note, number in numbers.items():
        rows.setdefault((number, note.problem), []).extend([note.row] if note.row else [])
    return tuple(Footnote(number, problem, tuple(own)) for (number, problem), own in sorted(rows.items()))


def marks(cell: Cell, numbers: Numbers) -> tuple[int, ...]:
    """The numbers that stand beside a cell, each once."""
    return tuple(dict.fromkeys(numbers[note] for note in cell.notes))
