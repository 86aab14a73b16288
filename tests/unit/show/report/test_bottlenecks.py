from dataclasses import replace

from bench.judge.stacks.rows import rows
from bench.model.cell import CellKey, Limit
from bench.model.config import Closed, Open
from bench.show.report.bottlenecks import section
from bench.show.text.document import Section, Table, within
from tests.unit.builders import SYNC, Shape, broken, cell, changed, failed, plan, run_of

RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
PLAN = plan({"sync": SYNC, "loop": Shape(1)}, {"weather": (10,)}, rates={"weather": (100.0,)}, rounds=1)


def lines(found: Section) -> list[list[str]]:
    tables = [block for block in within([found]) if isinstance(block, Table)]
    return [[cell.text for cell in row] for table in tables for row in table.rows]


def test_each_stack_has_its_bottleneck_with_the_measurements() -> None:
    run = run_of(PLAN, (cell("sync", limit="slots"), cell("loop"), cell("loop", load=RATE)))
    found = section(run, rows(run.cells, PLAN))
    assert found is not None
    title = PLAN.scenarios["weather"].title
    inner = [block for block in found.blocks if isinstance(block, Section)]
    assert [(one.title, one.detail) for one in inner] == [
        (f"{title} (closed-loop)", True),
        (f"{title} (open-loop)", True),
    ]
    assert lines(inner[0]) == [
        ["10 users", "sync", "slots", "200/s", "so the figures show"],
        ["10 users", "loop", "none", "-", "so the figures show"],
    ]


def test_rounds_that_differ_each_have_their_measurements() -> None:
    limits: tuple[Limit, ...] = ("server cpu", "gil")
    cells = [cell("loop", number=number, limit=limit) for number, limit in enumerate(limits, start=1)]
    cells = [
        changed(one, bottleneck=replace(limited, evidence=f"why {one.round}"))
        for one in cells
        if (limited := one.measurement.bottleneck) is not None
    ]
    found = section(run_of(PLAN, tuple(cells)), rows(cells, PLAN))
    assert found is not None
    assert sorted(lines(found)[0][4].split("; ")) == ["GIL: why 2", "server CPU: why 1"]


def test_a_run_without_a_measurement_has_no_bottlenecks() -> None:
    cells = (failed(CellKey("sync", "weather", Closed(users=10), 1, 0)),)
    assert section(run_of(PLAN, cells), rows(cells, PLAN)) is None


def test_what_limits_a_stack_that_failed_is_not_known_and_its_failures_stand_as_the_reason() -> None:
    cells = (
        broken(cell("loop"), ok=3, errors={"status 503": 97}),
        broken(cell("sync", limit="slots"), ok=3, timeouts=97),
    )
    found = section(run_of(PLAN, cells), rows(cells, PLAN))
    assert found is not None
    sync, loop = lines(found)
    assert sync[2] == "slots"
    assert loop[2] == "not known"
    assert loop[4].startswith("97.0 % of the requests failed: 97 x status 503")
