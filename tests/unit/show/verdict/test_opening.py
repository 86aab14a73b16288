from dataclasses import replace
from typing import get_args

import pytest

from bench.judge.gate.comparable import Difference
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Verdict
from bench.show.verdict.document import verdict as whole
from bench.show.verdict.publish import comment
from bench.show.verdict.words import headline, why
from tests.unit.sessions import Recipe, session

MARKS = {
    "regressed": "\N{CROSS MARK}",
    "not comparable": "\N{NO ENTRY}",
    "inconclusive": "\N{MEDIUM WHITE CIRCLE}",
    "improved": "\N{WHITE HEAVY CHECK MARK}",
    "no regression": "\N{WHITE HEAVY CHECK MARK}",
}
STOP = MARKS["not comparable"]


@pytest.fixture
def undecided() -> Judgement:
    """Two restarts decide nothing."""
    return judge_paired(session(Recipe(restarts=2)), Gate())


def first_two(judgement: Judgement) -> tuple[str, str]:
    title, lead, *_ = comment(judgement).split("\n\n")
    return title, lead


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_comment_begins_with_the_mark_of_its_verdict(undecided: Judgement, verdict: Verdict) -> None:
    title, _ = first_two(replace(undecided, verdict=verdict))
    assert title.startswith(f"**{MARKS[verdict]} {verdict.capitalize()}: ")


def test_the_plain_sentence_stands_before_the_reason(undecided: Judgement) -> None:
    title, lead = first_two(undecided)
    assert title == f"**{MARKS['inconclusive']} I{headline(undecided)[1:]}**"
    assert lead == f"The measurements neither show a regression nor rule one out. {why(undecided)}"


def test_what_cannot_be_compared_is_no_verdict_on_the_change(undecided: Judgement) -> None:
    fields = (Difference("machine.cpus", "2", "4"),)
    title, lead = first_two(replace(undecided, verdict="not comparable", differences=fields))
    assert title == f"**{STOP} Not comparable: base and head differ in machine.cpus**"
    assert lead.startswith("Base and head were not measured alike, so there is no verdict on the change. machine.cpus")


def test_where_nothing_was_measured_nothing_is_said_about_figures(undecided: Judgement) -> None:
    unchanged = replace(undecided, verdict="no regression", deciding=(), findings=(), unchanged=True)
    title, lead = first_two(unchanged)
    assert title.endswith(" No regression: nothing measured, because nothing changed that the services run or read**")
    assert lead.startswith("The change does not touch what the services run or read. Code, lock file and ")


def test_the_terminal_has_no_mark(undecided: Judgement) -> None:
    document = whole(undecided)
    assert (document.title, document.lead) == (headline(undecided), why(undecided))
