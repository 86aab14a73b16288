from dataclasses import replace

from bench.judge.stacks.rows import rows
from bench.model.cell import CellKey, Limit
from bench.model.config import Closed, Open
from bench.show.report.bottlenecks import passage
from tests.unit.builders import SYNC, Shape, cell, failed, plan, run_of

RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
PLAN = plan({"sync": SYNC, "loop": Shape(1)}, {"weather": (10,)}, rates={"weather": (100.0,)}, rounds=1)


def test_each_stack_has_what_binds_it_and_why() -> None:
    run = run_of(PLAN, (cell("sync", limit="slots"), cell("loop"), cell("loop", load=RATE)))
    found = passage(run, rows(run.cells, PLAN))
    assert found is not None
    title = PLAN.scenarios["weather"].title
    assert [sheet.title for sheet in found.sheets] == [f"{title} (closed loads)", f"{title} (open loads)"]
    assert found.sheets[0].lines == (
        ("10 users", "sync", "slots", "200/s", "so it was seen"),
        ("10 users", "loop", "nothing", "-", "so it was seen"),
    )


def test_rounds_that_differ_each_say_why() -> None:
    bounds: tuple[Limit, ...] = ("server cpu", "client pool")
    cells = [cell("loop", number=number, limit=bound) for number, bound in enumerate(bounds, start=1)]
    cells = [
        replace(one, ceiling=replace(one.bottleneck, why=f"why {one.round}"))
        for one in cells
        if one.bottleneck is not None
    ]
    found = passage(run_of(PLAN, tuple(cells)), rows(cells, PLAN))
    assert found is not None
    assert sorted(found.sheets[0].lines[0][4].split("; ")) == ["client pool: why 2", "server cpu: why 1"]


def test_a_run_without_a_measurement_has_no_reasons() -> None:
    cells = (failed(CellKey("sync", "weather", Closed(users=10), 1, 0)),)
    assert passage(run_of(PLAN, cells), rows(cells, PLAN)) is None
