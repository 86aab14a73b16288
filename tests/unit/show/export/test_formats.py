import json
from dataclasses import replace

import pytest

from bench.judge.gate.thresholds import Gate
from bench.show.export.formats import FORMATS
from tests.unit.builders import changed
from tests.unit.sessions import session

from .made_up import LATE, of_cells, three, with_searches


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("csv", ["figures.csv"]),
        ("gha", ["bigger-is-better.json", "smaller-is-better.json"]),
        ("bencher", ["bencher.json"]),
        ("junit", ["junit.xml"]),
        ("pyperf", ["pyperf.json"]),
    ],
)
def test_a_plain_run_has_these_files_and_an_ab_those_of_both_sides(form: str, files: list[str]) -> None:
    assert list(FORMATS[form](of_cells(*three("flask")), Gate()).files) == files
    both = [f"{side}-{name}" for side in ("base", "head") for name in files]
    assert list(FORMATS[form](session(), Gate()).files) == (files if form in {"csv", "junit"} else both)


@pytest.mark.parametrize(("form", "titles"), [("gha", 4), ("bencher", 4), ("pyperf", 3), ("csv", 0), ("junit", 0)])
def test_an_unreliable_figure_is_in_no_file_of_figures_and_is_told_of_once(form: str, titles: int) -> None:
    run = of_cells(*three("flask", LATE, LATE, LATE))
    made = FORMATS[form](run, Gate())
    assert len(made.left_out) == titles
    assert all(one.why == "upstream late: off by 6 ms (3 of 3 rounds)" for one in made.left_out)
    assert made.empty is False
    if titles:
        assert not any("P95" in text or "p95" in text for text in made.files.values())


def test_what_both_sides_of_an_ab_lack_is_told_of_once() -> None:
    run = session()
    made = FORMATS["bencher"](replace(run, cells=tuple(changed(one, problems=(LATE,)) for one in run.cells)), Gate())
    assert [one.measure.name for one in made.left_out] == ["p95"] * 4


@pytest.mark.parametrize("form", list(FORMATS))
def test_a_run_without_cells_is_empty(form: str) -> None:
    run = of_cells(rounds=0)
    assert FORMATS[form](run, Gate()).empty is True


def test_capacities_alone_are_nothing_for_pyperf() -> None:
    run = with_searches(of_cells(rounds=0))
    assert [form for form, export in FORMATS.items() if export(run, Gate()).empty] == ["pyperf"]
    assert json.loads(FORMATS["gha"](run, Gate()).files["smaller-is-better.json"]) == []


def test_the_thresholds_decide_the_verdict() -> None:
    run = session()
    strict = FORMATS["junit"](run, Gate(fail_on={"cpu": 0.001, "p95": 0.001})).files["junit.xml"]
    assert strict.count("<skipped") > 0
    assert FORMATS["junit"](run, Gate()).files["junit.xml"].count("<skipped") == 0
