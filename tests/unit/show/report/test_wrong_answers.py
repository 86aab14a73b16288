from bench.judge.cell.wrong_answers import described
from bench.judge.stacks.rows import rows
from bench.model.run import Run
from bench.model.wrong_answer import WrongAnswer
from bench.show.report.document import printed, report
from bench.show.report.wrong_answers import section
from bench.show.text import markdown, terminal
from bench.show.text.document import Points
from bench.show.text.page import html
from tests.unit.builders import Shape, cell, changed, plan, run_of

PLAN = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 20)})
BUSY = WrongAnswer("status 503", 503, (), "busy", 4, "status 200")
OTHER = WrongAnswer("wrong body", 200, (), "other", 5, "a body of 5 bytes: hello")
EVIL = WrongAnswer(
    "wrong body", 200, ("X: <b>|`*_",), "</pre><script>alert(1)</script> \x1b[31m \u202e `~|*_[x](y)", 60, "|<i>"
)


def run(*answers: tuple[str, int, tuple[WrongAnswer, ...]]) -> Run:
    """A run with cells of these stacks and users, which gave these wrong answers."""
    return run_of(PLAN, tuple(changed(cell(stack, users), wrong_answers=kept) for stack, users, kept in answers))


def lines(found: Run) -> tuple[str, ...]:
    shown = section(found)
    assert shown is not None
    (points,) = shown.blocks
    assert isinstance(points, Points)
    return points.texts


def test_the_first_of_each_kind_is_shown_for_each_stack_and_scenario() -> None:
    later = WrongAnswer("status 503", 503, (), "later", 5, "status 200")
    found = run(("a", 10, (BUSY,)), ("a", 20, (later, OTHER)), ("b", 10, (later,)))
    assert lines(found) == (
        f"a on weather: {described(BUSY)}",
        f"a on weather: {described(OTHER)}",
        f"b on weather: {described(later)}",
    )


def test_a_run_without_a_wrong_answer_has_no_such_section() -> None:
    assert section(run(("a", 10, ()))) is None


def test_the_report_and_what_is_printed_of_it_show_them_whatever_is_in_them() -> None:
    evil = run(("a", 10, (EVIL,)))
    whole = report(evil, rows(evil.cells, PLAN), ())
    page, text, brief = html.render(whole), markdown.render(whole), terminal.render(printed(whole))
    for shown in (page, text, brief):
        assert "Wrong answers" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\x1b" in shown.replace("\\\\", "\\")
    assert "<script>alert" not in page
    assert "<script>" not in text
    assert r"\`\~\|\*\_\[x\]" in text
