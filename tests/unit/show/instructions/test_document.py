"""Counted instructions, as they are told."""

import json
from dataclasses import replace

from bench.judge.instructions.changes import Changes, Counts, compared
from bench.model.instructions import Counted
from bench.model.run import Revision
from bench.show.instructions.document import by_stack, headline, layouts, sentence, table_of, verdict, why
from bench.show.instructions.json import changes_json, counts_json
from bench.show.text import markdown as md

FLASK = Counted("flask", "health", 1, 100, 40_000_049)
LOOP = Counted("loop", "weather", 50, 100, 300_000_000)
BASE = Counts(Revision("main", "a" * 40, False, None, {}), (FLASK, LOOP))
SLOWER = replace(LOOP, instructions=330_000_000)


def changes(*head: Counted) -> Changes:
    return compared(BASE, Counts(Revision(".", "b" * 40, True, None, {}), head))


def texts(table: object) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]  # type: ignore[attr-defined]


def test_stacks_stand_side_by_side_and_what_was_not_counted_is_a_dash() -> None:
    weather = replace(FLASK, scenario="weather")
    table = by_stack((FLASK, weather, replace(LOOP, users=1), LOOP))
    assert [column.title for column in table.columns] == ["scenario", "in flight", "flask", "loop"]
    assert texts(table) == [
        ["health", "1", "400\u202f000", "-"],
        ["weather", "1", "400\u202f000", "3\u202f000\u202f000"],
        ["weather", "50", "-", "3\u202f000\u202f000"],
    ]
    assert "Not in it: the server program" in md.render(table_of(Counts(None, (FLASK,))), level=None)


def test_a_regression_is_told_first_with_both_revisions() -> None:
    found = changes(FLASK, SLOWER)
    assert sentence(found.changes[1]) == "loop, weather, 50 users: instructions per request +10.00 %"
    assert headline(found) == f"regressed: {sentence(found.changes[1])}"
    assert why(found) == "The instructions per request changed by more than 3 %."
    text = md.render(verdict(found), level=None)
    assert "Base: main (aaaaaaa). Head: . (bbbbbbb, with uncommitted changes)." in text
    assert text.index("regressed |") < text.index("unchanged |")


def test_no_regression_says_how_much_was_looked_at_and_how_closely() -> None:
    found = changes(FLASK, LOOP)
    assert headline(found) == "no regression: 2 counts, each within its gate"
    assert why(found) == (
        "No count of head differs from that of base by more than 1 % (3 % with several requests in flight)."
    )


def test_a_change_in_several_layouts_tells_all_of_them() -> None:
    found = changes(replace(FLASK, instructions=40_480_050), LOOP)
    assert list(layouts(found)) == []
    other = replace(FLASK, instructions=40_200_049)
    again = found.with_layouts({FLASK.place: [(FLASK, other), (FLASK, other)]})
    assert list(layouts(again)) == [
        "flask, health, 1 user was counted in 3 layouts of memory: +1.20 %, +0.50 % and +0.50 %. The median counts."
    ]
    assert (found.verdict, again.verdict) == ("regressed", "no regression")
    assert "in 3 layouts of memory" in md.render(verdict(again), level=None)


def test_several_are_counted() -> None:
    found = changes(replace(FLASK, instructions=50_000_000), SLOWER)
    assert headline(found).endswith("; and 1 more")


def test_all_numbers_are_in_the_json() -> None:
    said = json.loads(changes_json(changes(FLASK, SLOWER)))
    assert (said["verdict"], said["exit_code"]) == ("regressed", 1)
    assert (said["base"]["ref"], said["head"]["dirty"]) == ("main", True)
    assert said["changes"][1] == {
        "stack": "loop", "scenario": "weather", "users": 50, "requests": 100,
        "instructions": {"base": 300_000_000, "head": 330_000_000},
        "again": [], "change": said["changes"][1]["change"], "gate": 0.03, "verdict": "regressed",
    }  # fmt: skip
    (one,) = json.loads(counts_json(Counts(None, (FLASK,))))["counted"]
    assert (one["instructions"], one["per_request"]) == (40_000_049, 400_000.49)
