import csv
import io
from dataclasses import replace

import pytest

from bench.judge.cell.metrics import ERRORS, FIGURES, PAIRED
from bench.judge.stacks.rows import rows
from bench.model.config import Open
from bench.model.run import Run
from bench.show.export.csv import COLUMNS, text
from tests.unit.builders import broken, cell, failed
from tests.unit.sessions import CLOSED, STACKS, Figures, ab_cell, ab_run, session

from .made_up import BEHIND, LATE, of_cells, reference, three, with_searches

OPEN = Open(rate_rps=50.5, arrivals="poisson", max_in_flight=500)


def table(run: Run) -> list[dict[str, str]]:
    found = list(csv.DictReader(io.StringIO(text(run))))
    assert all(None not in line and tuple(line) == COLUMNS for line in found)
    return found


def lines(run: Run, **wanted: str) -> list[dict[str, str]]:
    return [line for line in table(run) if all(line[key] == value for key, value in wanted.items())]


def test_each_figure_of_each_cell_of_the_reference_run_reads_back_exactly() -> None:
    run = reference()
    found = {
        (line["stack"], line["round"], line["metric"]): line for line in table(run) if line["metric"] != "capacity"
    }
    assert len(found) == len(run.cells) * 8
    for one in run.cells:
        for metric in (*FIGURES, ERRORS):
            line = found[one.stack, str(one.round), metric.name]
            assert float(line["value"]) == metric.read(one.measurement)
            assert line["unit"] == metric.unit
            assert line["reliable"] == ("false" if metric.void(one.measurement) else "true")
    for row in rows(run.cells, run.config):
        for name, estimate in row.estimates.items():
            line = found[row.stack, "1", name]
            assert float(line["over_rounds"]) == estimate.mean
            assert line["low"] == ("" if estimate.low is None else repr(estimate.low))


def test_each_search_of_the_reference_run_is_a_line_with_the_capacity_over_the_rounds() -> None:
    run = reference()
    found = lines(run, metric="capacity")
    assert sorted(float(line["value"]) for line in found) == sorted(one.rate_rps or 0 for one in run.searches)
    assert {line["load"] for line in found} == {"P95 within 200 ms (Poisson)"}
    assert all(float(line["low"]) < float(line["over_rounds"]) < float(line["high"]) for line in found)


def test_a_load_can_be_plotted_by_its_size() -> None:
    run = of_cells(*three("flask"), cell("fastapi", 10, 1, load=OPEN))
    assert {(line["users"], line["rate_rps"], line["arrivals"]) for line in table(run)} == {
        ("10", "", ""),
        ("", "50.5", "poisson"),
    }
    assert {line["side"] for line in table(run)} == {""}


def test_an_unreliable_figure_has_its_value_and_its_reason() -> None:
    first, second, _ = lines(of_cells(*three("flask", LATE)), metric="p95")
    assert (first["value"], first["reliable"], first["why"]) == ("0.1", "false", "upstream late: off by 6 ms")
    assert (second["value"], second["reliable"], second["why"]) == ("0.2", "true", "")
    assert all(line["reliable"] == "true" for line in lines(of_cells(*three("flask", LATE)), metric="throughput"))


def test_the_rounds_beside_one_that_the_service_spoilt_are_marked_because_the_report_has_no_figure_of_them() -> None:
    first, second, third = lines(of_cells(*three("flask", None, BEHIND)), metric="p95")
    assert second["why"] == f"falling behind: {BEHIND.detail}"
    for line in (first, third):
        assert line["reliable"] == "false"
        assert line["why"].startswith("the report has no such figure, because in another round: falling behind: ")
        assert line["over_rounds"] == ""


def test_a_round_that_served_nothing_is_not_blamed_on_another() -> None:
    served = [cell("flask", 10, number, throughput_rps=rps) for number, rps in ((1, 0.0), (2, 100.0))]
    first, second = lines(of_cells(*served, rounds=2), metric="throughput")
    assert first["why"] == "the report has no such figure: nothing served: throughput was 0"
    assert second["why"].startswith("the report has no such figure, because in another round: nothing served: ")


def test_failed_requests_are_reliable_where_many_failed() -> None:
    run = of_cells(broken(cell("flask", 10, 1), ok=60, errors={"status 500": 40}))
    (share,) = lines(run, metric="errors")
    assert (share["value"], share["unit"], share["reliable"]) == ("0.4", "1", "true")
    (memory,) = lines(run, metric="memory")  # failing takes less of it
    assert memory["reliable"] == "false"
    assert memory["why"].startswith("service errors: ")


def test_a_failed_cell_has_its_reason_and_no_value() -> None:
    one = cell("flask", 10, 1)
    run = of_cells(failed(one))  # type: ignore[arg-type]
    assert {(line["value"], line["reliable"]) for line in table(run)} == {("", "false")}
    assert table(run)[0]["why"] == "failed: start server: the server did not become ready in 30 s"


def test_a_lower_bound_of_a_capacity_is_marked() -> None:
    run = with_searches(of_cells())
    first, second = lines(run, metric="capacity", stack="fastapi")
    assert (first["value"], first["reliable"], first["why"]) == ("900.0", "false", "at least: it was the most")
    assert (second["value"], second["reliable"]) == ("950.0", "false")
    assert second["why"] == "in another round: it was the most"
    assert {line["reliable"] for line in lines(run, metric="capacity", stack="flask")} == {"true"}


def test_an_ab_has_both_sides_of_each_restart() -> None:
    run = session()
    found = lines(run, stack=STACKS[0], metric="cpu", users="100", side="head")
    values = [one.measurements[1].cpu for one in run.cells if (one.stack, one.load) == (STACKS[0], CLOSED)]
    assert [float(line["value"]) for line in found] == [cpu.server_s_per_request for cpu in values if cpu is not None]
    assert len(table(run)) == len(run.cells) * 2 * len(PAIRED)
    assert {line["reliable"] for line in table(run)} == {"true"}


def test_a_restart_that_does_not_count_in_the_verdict_is_marked_on_both_sides() -> None:
    late = Figures(problems=(LATE,))
    cells = [ab_cell(STACKS[0], CLOSED, number, Figures(), late if number == 2 else Figures()) for number in (1, 2, 3)]
    found = lines(ab_run(cells), metric="p95")
    assert [(line["round"], line["side"], line["reliable"]) for line in found] == [
        (str(number), side, "false" if number == 2 else "true") for number in (1, 2, 3) for side in ("base", "head")
    ]
    assert {line["why"] for line in found} == {"", "in head, off by 6 ms"}


def test_where_base_spoilt_half_of_the_restarts_none_counts() -> None:
    bad = Figures(problems=(BEHIND,))
    cells = [ab_cell(STACKS[0], CLOSED, number, bad if number == 1 else Figures(), Figures()) for number in (1, 2)]
    found = lines(ab_run(cells), metric="p95")
    assert {line["reliable"] for line in found} == {"false"}
    assert found[-1]["why"].startswith("base could not be measured in 1 of 2 restarts")


@pytest.mark.parametrize("name", ['a,"b"', "line\nbreak", "=1+1"])
def test_any_name_reads_back(name: str) -> None:
    run = replace(of_cells(*three("flask")), id=name)
    assert {line["run"] for line in table(run)} == {name}
