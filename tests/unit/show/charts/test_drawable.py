import pytest

from bench.model.config import Closed
from bench.model.loads import amount
from bench.show.charts import gallery as gallery_module
from bench.show.charts.drawable import MOST_LOADS, MOST_ROWS, MOST_SCENARIOS, MOST_STACKS, drawable
from bench.show.charts.gallery import pictures
from bench.show.charts.style import marks
from tests.unit.builders import Shape, cell, plan
from tests.unit.show.charts.readings import crowd, reading, rows_of


def test_a_usual_run_is_drawn_as_it_is() -> None:
    found = crowd(12)
    rows = rows_of(found)
    assert drawable(found, rows) == (found, rows, "")


def test_as_many_stacks_are_drawn_as_have_a_mark_of_their_own_and_those_of_the_headline_and_the_time_line_always() -> (
    None
):
    names = [f"stack-{number}" for number in range(100)]
    planned = plan(dict.fromkeys(names, Shape(1)), {"weather": (10, 20)}, rounds=1)
    found = reading(planned, [cell(name, users) for name in names for users in (10, 20)])
    part, rows, said = drawable(found, rows_of(found))
    drawn = part.run.config.profile.stacks
    assert len(drawn) == len(set(marks(part.run.config).values())) == MOST_STACKS
    assert drawn == tuple(names[:MOST_STACKS])
    assert {row.stack for row in rows} == {one.stack for one in part.run.cells} == set(drawn)
    assert said == "Not drawn, because there is no room: 70 stacks."


def test_of_many_loads_the_highest_are_drawn() -> None:
    planned = plan({"a": Shape(1)}, {"weather": tuple(range(1, 101))}, rounds=1)
    found = reading(planned, [cell("a", users) for users in range(1, 101)])
    _, rows, said = drawable(found, rows_of(found))
    assert [amount(row.load) for row in rows] == list(range(101 - MOST_LOADS, 101))
    assert said == "Not drawn, because there is no room: 70 loads."


def test_of_many_scenarios_the_first_are_drawn() -> None:
    names = [f"scenario-{number}" for number in range(MOST_SCENARIOS + 1)]
    planned = plan({"a": Shape(1)}, dict.fromkeys(names, (10,)), rounds=1)
    found = reading(planned, [cell("a", scenario=name) for name in names])
    part, rows, said = drawable(found, rows_of(found))
    assert list(part.run.config.profile.loads) == list(dict.fromkeys(row.scenario for row in rows)) == names[:-1]
    assert said == "Not drawn, because there is no room: 1 scenario."


def test_the_rows_of_all_scenarios_are_limited() -> None:
    stacks, users = [f"stack-{number}" for number in range(MOST_STACKS)], range(1, 21)
    names = ("one", "two")
    planned = plan(dict.fromkeys(stacks, Shape(1)), dict.fromkeys(names, tuple(users)), rounds=1)
    cells = [cell(stack, number, scenario=name) for stack in stacks for name in names for number in users]
    _, rows, _ = drawable(found := reading(planned, cells), rows_of(found))
    assert len(rows) == len(cells) / 2 <= MOST_ROWS
    assert {row.scenario for row in rows} == {"one"}
    assert {type(row.load) for row in rows} == {Closed}


def test_what_is_left_out_is_said_below_each_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_module, "_written", lambda _figure, _kind: b"")
    planned = plan({"a": Shape(1)}, {"weather": tuple(range(1, 41))}, rounds=1)
    found = reading(planned, [cell("a", users) for users in range(1, 41)])
    for picture in pictures(found, rows_of(found), names=("throughput", "knee")):
        assert picture.caution.endswith(" Not drawn, because there is no room: 10 loads.")
