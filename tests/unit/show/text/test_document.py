from dataclasses import replace

from bench.show.text.document import (
    Cell,
    Choice,
    Column,
    Document,
    Footnotes,
    Note,
    Paragraph,
    Section,
    Table,
    chosen,
    one_after_another,
    within,
    words_table,
)
from bench.show.text.footnotes import Footnote, footnotes, marks, numbered


def table(*rows: tuple[Cell, ...]) -> Table:
    return Table(tuple(Column(str(number)) for number in range(len(rows[0]))), rows)


def section(name: str, *blocks: Section | Choice | Paragraph | Table | Footnotes, detail: bool = False) -> Section:
    return Section(name, name.title(), blocks, detail=detail)


def test_problems_are_numbered_where_they_are_first_referred_to_with_all_their_rows_below() -> None:
    first, second, third = Note("late", "a"), Note("lost"), Note("late", "b")
    found = Document(
        "",
        "",
        (
            section("notes", Footnotes()),
            section("a", section("b", table((Cell("1"), Cell("2", notes=(second,)))))),
            table((Cell("3", notes=(first, second)), Cell("4", notes=(third,)))),
        ),
    )
    assert numbered(found) == {second: 1, first: 2, third: 2}
    assert footnotes(numbered(found)) == (Footnote(1, "lost", ()), Footnote(2, "late", ("a", "b")))


def test_a_cell_has_the_number_of_a_problem_once_however_many_rows_have_it() -> None:
    notes = Note("late", "a"), Note("late", "b")
    one = Cell("1", notes=notes)
    assert marks(one, numbered(Document("", "", (table((one,)),)))) == (1,)


CHOICE = Choice(
    "figure",
    "Show",
    (
        section("speed", table((Cell("1"),))),
        section("memory", table((Cell("2", notes=(Note("grows"),)),)), detail=True),
    ),
)


def test_a_document_without_choices_has_their_main_sections_one_after_another() -> None:
    found = one_after_another(Document("", "", (section("results", CHOICE), CHOICE)))
    speed = CHOICE.sections[0]
    assert found.blocks == (section("results", speed), speed)
    assert numbered(found) == {}


def test_a_variant_has_the_main_sections_of_a_choice_alone() -> None:
    (results,) = chosen(Document("", "", (section("results", CHOICE),)), ("results",)).blocks
    assert list(within([results]))[1:] == list(within([replace(CHOICE, sections=CHOICE.sections[:1])]))


def test_a_variant_has_the_chosen_sections_in_their_order_without_details() -> None:
    kept, detail = Paragraph("kept"), section("tables", Paragraph("many"), detail=True)
    found = Document(
        "Title", "Lead", (section("a", kept), Paragraph("loose"), section("b", section("c", kept, detail), detail))
    )
    brief = chosen(found, ("b", "absent", "a"))
    assert (brief.title, brief.lead) == ("", "")
    assert brief.blocks == (section("b", section("c", kept)), section("a", kept))


def test_blocks_are_walked_in_the_order_of_reading() -> None:
    inner = section("inner", Paragraph("1"))
    outer = section("outer", inner, Paragraph("2"))
    assert list(within([outer, Paragraph("3")])) == [outer, inner, Paragraph("1"), Paragraph("2"), Paragraph("3")]


def test_a_table_of_words_has_its_numbers_to_the_right_and_knows_what_names_its_rows() -> None:
    found = words_table(("load", "stack", "slots"), [("10 users", "a", "4")], key="stack", right=("slots",))
    assert [column.align for column in found.columns] == ["left", "left", "right"]
    assert (found.key, found.rows) == (1, ((Cell("10 users"), Cell("a"), Cell("4")),))
