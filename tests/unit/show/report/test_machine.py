from dataclasses import replace

from bench.model.cell import Cell, CellKey, Probe
from bench.model.config import Closed
from bench.show.report.machine import steadiness
from tests.unit.builders import SYNC, cell, changed, failed, plan, run_of
from tests.unit.judge.capacity.test_rows import search

PLAN = plan({"a": SYNC}, {"weather": (10,)})


def stolen(one: Cell, server: float | None, load: float | None) -> Cell:
    cpu = one.measurement.cpu
    assert cpu is not None
    return changed(one, cpu=replace(cpu, server_steal=server, load_steal=load))


def test_how_much_the_machines_own_speed_varied_is_told_with_the_worst_steal() -> None:
    cells = [
        replace(stolen(cell(), 0.01, 0.034), probe=Probe(before_s=0.020, after_s=0.025)),
        replace(stolen(cell(), 0.02, None), probe=Probe(before_s=0.030, after_s=0.022)),
    ]
    said = steadiness(run_of(PLAN, tuple(cells)))
    assert said is not None
    assert "from 20.0 ms to 30.0 ms" in said
    assert "varied by a factor of 1.50, and" in said
    assert "at most 3.40 % of either side's cores" in said


def test_steal_that_is_not_known_is_not_called_none() -> None:
    assert "gave to others: not known." in str(steadiness(run_of(PLAN, (stolen(cell(), None, None),))))


def test_failed_cells_say_nothing_of_the_machine() -> None:
    assert steadiness(run_of(PLAN, (failed(CellKey("a", "weather", Closed(users=10), 1, 0)),))) is None


def test_the_probes_of_searches_count_too() -> None:
    found = replace(search("a", 1, 100.0), probe=Probe(before_s=0.020, after_s=0.050))
    said = steadiness(replace(run_of(PLAN), searches=(found,)))
    assert "varied by a factor of 2.50" in str(said)
