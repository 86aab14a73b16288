"""What pyperf is given, read by pyperf itself."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyperf

from bench.model.run import Run
from bench.show.export import pyperf as exported
from bench.show.export.figures import Figures, of_run, of_sides

from .made_up import of_cells, reference, stored, three


def suite(figures: Figures, run: Run) -> pyperf.BenchmarkSuite:
    return pyperf.BenchmarkSuite.loads(exported.texts(figures.only(exported.takes).reported, run)["pyperf.json"])


def asked(*words: str | Path) -> str:
    done = subprocess.run(
        (sys.executable, "-m", "pyperf", *words), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pyperf_reads_the_values_of_the_reference_run_as_they_are() -> None:
    run = reference()
    figures = of_run(run)
    found = suite(figures, run)
    wanted = {
        f"{each.place}: {each.measure.title}": each.found.values
        for each in figures.reported
        if each.measure.name in {"p50", "p95", "p99", "cpu", "memory"}
    }
    assert {bench.get_name(): bench.get_values() for bench in found} == wanted
    assert len(wanted) == 5 * 6 - 3
    units = {bench.get_name().rpartition(": ")[2]: bench.get_unit() for bench in found}
    assert units["P95 at saturation"] == units["CPU per request"] == "second"
    assert units["memory"] == "byte"
    assert found.get_metadata()["cpu_model_name"] == run.machine.cpu_model


def test_pyperf_counts_the_seconds_of_the_windows_and_not_the_values() -> None:
    run = of_cells(*three("flask"))
    assert [bench.get_total_duration() for bench in suite(of_run(run), run)] == [3.0] * 5


def test_pyperf_takes_what_the_machine_did_not_say() -> None:
    run = of_cells(*three("flask"))
    bare = replace(run, commit=None, machine=replace(run.machine, cpu_model="", kernel="6.1\n#1"))
    metadata = suite(of_run(bare), bare).get_metadata()
    assert "cpu_model_name" not in metadata
    assert "stackduel_commit" not in metadata
    assert metadata["platform"] == "Linux 6.1 #1"


def test_nothing_of_which_more_is_better_is_there() -> None:
    run = reference()
    document = exported.texts(of_run(run).only(exported.takes).reported, run)["pyperf.json"]
    names = [one["metadata"]["name"] for one in json.loads(document)["benchmarks"]]
    assert not any("throughput" in name or "capacity" in name or "maximum" in name for name in names)


def test_its_commands_show_a_run_and_compare_the_sides_of_an_ab(tmp_path: Path) -> None:
    session = stored("slower")
    files = {"base": tmp_path / "base.json", "head": tmp_path / "head.json"}
    for path, side in zip(files.values(), of_sides(session), strict=True):
        text = exported.texts(side.only(exported.takes).reported, session)["pyperf.json"]
        path.write_text(text, encoding="utf-8")
    shown = asked("stats", files["head"])
    assert "flask-gthread, weather, 100 users (closed-loop): CPU per request" in shown
    assert "Total number of values: 10" in shown
    compared = asked("compare_to", files["base"], files["head"], "--verbose")
    slower = compared.partition("flask-gthread, weather, 100 users (closed-loop): CPU per request\n")[2]
    assert "1.21x slower\nSignificant" in slower.split("\n\n")[1]
