from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.judge.cell.metrics import METRICS
from bench.judge.stacks.rows import rows
from bench.model.cell import NOTHING_SEEN, Cell, LocustUsers, Problem
from bench.model.config import Closed, Load, Open, Plan
from bench.model.run import Machine
from bench.show.report.reading import legend, remarks
from bench.show.text.document import Points, Section
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
ONE = plan({"a": Shape(1)}, {"weather": (10,)}, rounds=1)


def texts(section: Section | None) -> tuple[str, ...]:
    if section is None:
        return ()
    (block,) = section.blocks
    assert isinstance(block, Points)
    return block.texts


def read(cells: Sequence[Cell], planned: Plan = ONE) -> tuple[str, ...]:
    return texts(legend(run_of(planned, tuple(cells)), rows(cells, planned)))


def remarked(planned: Plan, cells: Sequence[Cell], notes: tuple[str, ...] = ()) -> tuple[str, ...]:
    return texts(remarks(run_of(planned, tuple(cells), notes), rows(cells, planned)))


@pytest.mark.parametrize(("load", "closed"), [(Closed(users=10), True), (RATE, False)])
def test_only_the_load_models_that_occur_are_explained(load: Load, closed: bool) -> None:
    said = " ".join(read([cell("a", load=load)]))
    assert ("Closed-loop load" in said) is closed
    assert ("Open-loop load" in said) is not closed


def test_intervals_and_their_absence_are_explained_where_they_occur() -> None:
    single, brackets = "A value without brackets comes from a single round and has no interval.", "Brackets contain"
    said = read([cell("a")])
    assert single in said
    assert not any(brackets in one for one in said)
    said = read([cell("a", number=1), cell("a", number=2)])
    assert single not in said
    assert any(brackets in one for one in said)


def test_struck_out_values_and_footnotes_are_explained_where_they_occur() -> None:
    struck = "Struck-out values are unreliable; the footnote says why."
    fewer = "A value with a footnote uses fewer rounds than were recorded; the footnote says why."
    assert {struck, fewer} & set(read([cell("a")])) == set()
    assert {struck, fewer} & set(read([cell("a", problems=(LATE,))])) == {struck}
    assert {struck, fewer} & set(read([cell("a", number=1), cell("a", number=2, problems=(LATE,))])) == {fewer}


def test_a_machine_without_pss_says_so() -> None:
    machine = Machine("CPU", 2, 8_000_000_000, "Darwin", "23", "3.12.1", has_pss=False)
    cells = (cell("a", pss_bytes=None),)
    found = texts(legend(replace(run_of(ONE, cells), machine=machine), rows(cells, ONE)))
    assert "Memory is the median USS (this machine has no PSS)." in found


def test_a_run_without_a_cell_says_so() -> None:
    assert read([]) == ("No cell was recorded.",)


def test_a_stack_kept_from_a_load_is_named_with_the_reason() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500)}, max_users={"sync": 100, "loop": 10})
    assert remarked(planned, [cell("sync")])[:2] == (
        "sync was not measured with 500 users on weather: its 4 worker slots with a service time of at least 20.0 ms "
        "allow at most 200/s.",
        "loop was not measured with 500 users on weather: the profile excludes it.",
    )


def test_a_stack_kept_from_open_loads_has_all_of_them_named() -> None:
    planned = plan({"sync": SYNC}, {"weather": (10,)}, rates={"weather": (50.0, 300.0, 1000.0)})
    planned = replace(planned, profile=replace(planned.profile, max_rate_rps={"sync": 100.0}))
    assert remarked(planned, [cell("sync")])[0] == (
        "sync was not measured at 300/s and 1000/s on weather: its 4 worker slots with a service time of at least "
        "20.0 ms allow at most 200/s."
    )


def test_a_run_that_ended_early_says_what_it_lacks() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (1,)}, rounds=1)
    assert remarked(planned, [cell("b", 1)]) == ("a on weather with 1 user was not measured: the run ended early.",)


def test_notes_of_the_run_are_passed_on_and_without_one_there_are_no_remarks() -> None:
    assert remarked(ONE, [cell("a")], ("nothing was pinned",)) == ("nothing was pinned",)
    assert remarks(run_of(ONE, (cell("a"),)), rows([cell("a")], ONE)) is None


def test_users_of_a_locustfile_are_explained_and_what_they_did_not_time_is_told() -> None:
    scenario = replace(ONE.scenarios["weather"], title="Theirs", client="locust", locustfile="/x/theirs.py")
    theirs = replace(ONE, scenarios={"weather": scenario})
    said = " ".join(read([cell("a")], theirs))
    assert "Theirs: its users send as the tasks of theirs.py say, and may pause on purpose." in said
    assert "each user sends the next request as soon as" not in said
    users = LocustUsers(routes=("GET /",), untimed={"NOTE seen": 3})
    cells = [replace(cell("a"), circumstances=replace(NOTHING_SEEN, users=users))] * 2
    assert remarked(theirs, cells) == (
        "weather: NOTE seen was reported 6 times without a response time, and is in no figure.",
    )


def test_a_service_that_runs_already_has_values_without_intervals_and_the_legend_says_why() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (10,)}, rounds=3)
    running = replace(planned, stacks={"a": replace(planned.stacks["a"], url="http://127.0.0.1:1", argv=())})
    cells = [cell("a", number=number) for number in (1, 2, 3)]
    (started,), (found,) = rows(cells, planned), rows(cells, running)
    assert all(started.estimates[metric.name].low is not None for metric in METRICS)
    assert {one.low for one in found.estimates.values()} == {None}
    assert [one.mean for one in found.estimates.values()] == [one.mean for one in started.estimates.values()]
    assert "from a single round, or from a service that no round started afresh," in " ".join(read(cells, running))
