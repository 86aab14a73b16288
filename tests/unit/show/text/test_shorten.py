from typing import TypeVar

import pytest

from bench.show.text.document import Document, Paragraph, Points, Section, Table, within, words_table
from bench.show.text.markdown import render
from bench.show.text.shorten import LONGEST_CELL, LONGEST_TEXT, MOST_BYTES, shortened

T = TypeVar("T")
HEADERS = tuple(f"column {number}" for number in range(9))


def document(text: str, rows: int = 1, notes: int = 1) -> Document:
    """Two tables of so many rows, and so many notes, all of the same text."""
    tables = (Section(str(number), text, (words_table(HEADERS, [[text] * 9] * rows),)) for number in range(2))
    return Document(text, text, (Paragraph(text), *tables, Points((text,) * notes), Paragraph(text)))


def of(kind: type[T], found: Document) -> list[T]:
    return [block for block in within(found.blocks) if isinstance(block, kind)]


def test_what_is_short_stays_as_it_is() -> None:
    short = document("a few words", 3, 3)
    assert shortened(short) == short


@pytest.mark.parametrize("text", ["&<|*" * 500, "\N{GRINNING FACE}" * 2000, "x" * 5000, "a b " * 20, "&"])
@pytest.mark.parametrize("number", [1, 30, 200])
def test_no_document_is_longer_than_a_comment_may_be(text: str, number: int) -> None:
    found = shortened(document(text, number, number))
    assert len(render(found, level=None).encode()) <= MOST_BYTES


def test_texts_are_cut_with_an_ellipsis() -> None:
    found = shortened(document("x" * 5000))
    assert len(found.title) == len(found.lead) == len(of(Paragraph, found)[0].text) == LONGEST_TEXT
    assert found.title.endswith("x\N{HORIZONTAL ELLIPSIS}")
    assert {len(cell.text) for table in of(Table, found) for row in table.rows for cell in row} == {LONGEST_CELL}


def test_as_much_is_kept_as_there_is_room_for_and_what_is_left_out_is_counted() -> None:
    whole = document("x" * 50, rows=300, notes=1000)
    found = shortened(whole)
    first, second = (len(table.rows) for table in of(Table, found))
    (notes,) = (len(points.texts) for points in of(Points, found))
    assert 300 > first == second == notes > 0
    assert [paragraph.text for paragraph in of(Paragraph, found) if "left out" in paragraph.text] == [
        f"{300 - first} rows were left out: there is no room for more.",
        f"{300 - second} rows were left out: there is no room for more.",
        f"{1000 - notes} notes were left out: there is no room for more.",
    ]
    assert len(render(found, level=None).encode()) > 0.9 * MOST_BYTES
