import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import compare
from bench.judge.cell.figures import reading_of
from bench.model.cell import CellKey
from bench.model.run import SCHEMA_VERSION
from bench.model.samples import Samples
from bench.record.store import load_run, save_run
from bench.show.charts.gallery import FORMATS, NAMES, pictures
from bench.show.text.embed import BEGIN, END
from tests.unit.builders import FASTAPI, FLASK, changed, plan, save

ROOT = Path(__file__).resolve().parents[2]
SHAPES = {"flask": FLASK, "loop": FASTAPI}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts take seconds: only what is about them undoes this, and draws them."""
    monkeypatch.setattr("bench.show.report.publish.pictures", lambda _reading, _rows: iter(()))


@pytest.fixture
def unwritten(undrawn: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (it undoes what that did)
    """Charts are drawn, but their files are empty: to write them is most of the work."""
    monkeypatch.undo()
    monkeypatch.setattr("bench.show.charts.gallery._written", lambda _figure, _kind: b'<svg viewBox="0 0 9 9"></svg>')


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    save(folder, plan(SHAPES, {"weather": (5, 10)}, rounds=2), SHAPES)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy, for a test may change it."""
    return shutil.copytree(saved, tmp_path / "run")


@pytest.fixture
def chartless(tmp_path: Path) -> Path:
    """A run of which no chart can be drawn, for programs of their own, which nothing here can keep from it."""
    save(tmp_path / "run", plan(SHAPES, {"weather": (5,)}, rounds=1), SHAPES, fails=lambda _: True)
    return tmp_path / "run"


@pytest.mark.usefixtures("unwritten")
def test_a_report_prints_the_table_and_lies_beside_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["report", str(folder)]) == 0
    said = capsys.readouterr()
    assert "\nGET /weather: one upstream call of 20 ms\n\nClosed-loop loads\n\nThroughput\n" in said.out
    assert "flask" in said.out
    assert "\x1b" not in said.out
    assert said.err == ""
    assert {path.name for path in (folder / "charts").iterdir()} == {
        f"{name}.{kind}" for name in NAMES if name not in {"p95-saturation", "capacity"} for kind in FORMATS
    }
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# Benchmark run")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert said.out.endswith(
        f"\nWith charts, for any browser: {folder / 'report.html'}\nAs Markdown: {folder / 'report.md'}\n"
    )


def test_all_figures_go_into_a_file_or_to_standard_output_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["report", str(folder), "--json", str(tmp_path / "figures.json")]) == 0
    assert "The answer" in capsys.readouterr().out
    written = (tmp_path / "figures.json").read_text(encoding="utf-8")
    assert compare.main(["report", str(folder), "--json", "-"]) == 0
    assert capsys.readouterr().out == written
    assert (folder / "figures.json").read_text(encoding="utf-8") == written
    assert {row["stack"] for row in json.loads(written)["rows"]} == set(SHAPES)


def test_a_timeline_of_a_cell_that_is_not_there_exits_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["report", str(folder), "--timeline", "99"]) == 2
    assert "no raw samples of a cell 99" in one_line(capsys)


def test_the_same_run_gives_the_same_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.show.report.publish.pictures", partial(pictures, names=("throughput",)))
    compare.main(["report", str(folder)])
    first = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    compare.main(["report", str(folder)])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first
    assert folder / "charts" / "throughput.png" in first


def test_a_report_shows_what_the_samples_say_whatever_run_json_says(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = load_run(folder)
    save_run(folder, replace(run, cells=tuple(changed(cell, throughput_rps=1e9, problems=()) for cell in run.cells)))
    compare.main(["report", str(folder)])
    assert "1000000000" not in capsys.readouterr().out


def test_a_failed_cell_is_reported_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, plan(SHAPES, {"weather": (10,)}, rounds=1), SHAPES, fails=lambda key: key.stack == "loop")
    assert compare.main(["report", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "failed [1]" in out
    assert "the server did not become ready in 30 s" in " ".join(out.split())
    assert " 0/s" not in out


def test_a_run_without_a_cell_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, plan(SHAPES, {"weather": (10,)}), SHAPES, skips=lambda _: True)
    assert compare.main(["report", str(tmp_path)]) == 0
    assert "No cell was recorded." in capsys.readouterr().out


def test_figures_that_the_load_side_spoiled_are_unreliable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def spoil(key: CellKey, raw: Samples) -> Samples:
        busy = reading_of(raw, "generator") & (key.stack == "loop")
        return replace(raw, cpu_user_s=raw.cpu_user_s * np.where(busy, 3, 1))

    save(tmp_path, plan(SHAPES, {"weather": (10,)}, rounds=1), SHAPES, change=spoil)
    compare.main(["report", str(tmp_path)])
    out = capsys.readouterr().out
    assert out.count("unreliable [1]") == 6  # throughput and P95; below them all figures of the latency
    assert "invalid" in out


@pytest.mark.usefixtures("unwritten")
def test_the_short_report_goes_into_a_file(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"# Title\n{BEGIN}\noutdated\n{END}\nrest\n", encoding="utf-8")
    assert compare.main(["report", str(folder), "--embed", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# Title\n{BEGIN}\n")
    assert text.endswith(f"{END}\nrest\n")
    assert "outdated" not in text
    for name in ("throughput", "p95", "memory"):
        assert f"](run/charts/{name}.png)" in text
        assert (tmp_path / "run" / "charts" / f"{name}.png").is_file()


@pytest.mark.usefixtures("unwritten")
def test_a_report_without_charts_draws_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / "charts", ignore_errors=True)
    assert compare.main(["report", str(folder), "--no-charts"]) == 0
    assert not (folder / "charts").exists()
    assert "charts/" not in (folder / "report.md").read_text(encoding="utf-8")
    assert "\nFor any browser: " in capsys.readouterr().out


@pytest.mark.usefixtures("unwritten")
def test_only_the_sections_that_were_asked_for_go_into_a_file(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    assert compare.main(["report", str(folder), "--embed", str(page), "--sections", "stacks,answer"]) == 0
    heads = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert heads == ["### Stacks", "### The answer"]


def test_a_section_that_no_report_has_is_refused_with_those_that_there_are(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN}\nold\n{END}\n", encoding="utf-8")
    assert compare.main(["report", str(folder), "--embed", str(page), "--sections", "answer,rank"]) == 2
    assert "--sections: a report has no section rank; it has answer, charts, " in one_line(capsys)
    assert "old" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("--timeline", "0"), ("--embed", "README.md", "--sections", "answer,charts")])
def test_a_chart_that_was_asked_for_is_not_left_out_in_silence(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["report", str(folder), "--no-charts", *words]) == 2
    assert one_line(capsys).endswith("need one: leave one out\n")


def test_sections_need_a_page_to_go_into(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["report", str(folder), "--sections", "answer"]) == 2
    assert one_line(capsys).endswith("name the page with --embed FILE\n")


def test_a_file_without_markers_is_refused_and_left_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text("# Title\n", encoding="utf-8")
    assert compare.main(["report", str(folder), "--embed", str(page)]) == 2
    assert one_line(capsys).startswith(f"compare.py: {page} needs one line")
    assert page.read_text(encoding="utf-8") == "# Title\n"


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def truncate(folder: Path) -> None:
    path = folder / "run.json"
    path.write_bytes(path.read_bytes()[:500])


def corrupt(folder: Path) -> None:
    (folder / "cells" / "0.npz").write_bytes(b"PK\x03\x04 and then nothing")


def shorten(folder: Path) -> None:
    path = folder / "cells" / "0.npz"
    with np.load(path) as arrays:
        kept = {name: arrays[name][:3] if name == "done_s" else arrays[name] for name in arrays}
    np.savez(path, allow_pickle=False, **kept)


def newer(folder: Path) -> None:
    path = folder / "run.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'))


def older(folder: Path) -> None:
    path = folder / "run.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 1'))


def gone(folder: Path) -> None:
    (folder / "run.json").unlink()


def foreign(folder: Path) -> None:
    run = load_run(folder)
    save_run(folder, replace(run, cells=(replace(run.cells[0], stack="unheard-of"),)))


def no_sampler(folder: Path) -> None:
    path = folder / "cells" / "0.npz"
    with np.load(path) as arrays:
        kept = dict(arrays) | {"t_s": arrays["t_s"] + 1e6}
    np.savez(path, allow_pickle=False, **kept)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (truncate, "run.json cannot be read"),
        (corrupt, "0.npz cannot be read"),
        (shorten, "cannot be read: columns of one table differ in length"),
        (newer, f"has schema 99, and this version reads 2 and {SCHEMA_VERSION}: update this program"),
        (older, f"has schema 1, and this version reads 2 and {SCHEMA_VERSION}: measure again"),
        (gone, "holds no run.json"),
        (foreign, "cell 0 is of a stack or scenario not planned"),
        (no_sampler, "cannot be judged: no memory reading lies in the window"),
    ],
)
def test_a_damaged_run_exits_2_with_one_clear_line(
    damage: Callable[[Path], None], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(folder)
    assert compare.main(["report", str(folder)]) == 2
    assert said in one_line(capsys)


def test_a_missing_folder_exits_2_with_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["report", str(tmp_path / "absent")]) == 2
    assert "holds no run.json" in one_line(capsys)


def test_a_folder_that_cannot_be_written_exits_2_with_one_clear_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "charts").write_text("in the way", encoding="utf-8")
    assert compare.main(["report", str(folder)]) == 2
    said = capsys.readouterr()
    assert "The answer" in said.out  # what could be shown was
    assert "the report cannot be written" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["unheard-of"], ["report", "--unheard-of"]])
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        compare.main(arguments)
    assert caught.value.code == 2
    assert "usage: compare.py" in capsys.readouterr().err


def test_an_unexpected_error_exits_2_and_not_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **_more: object) -> None:
        raise ZeroDivisionError("unexpected")

    monkeypatch.setattr("bench.show.report.publish.report", broken)
    assert compare.main(["report", str(folder)]) == 2
    assert "ZeroDivisionError: unexpected" in capsys.readouterr().err


def test_a_broken_import_exits_2_and_not_1(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bench.show.report.publish", None)
    assert compare.main(["report", str(folder)]) == 2


def test_a_reader_who_stops_reading_is_no_error(chartless: Path) -> None:
    program = subprocess.Popen(
        (sys.executable, str(ROOT / "compare.py"), "report", str(chartless)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.close()
    errors = program.stderr.read()
    program.stderr.close()
    assert (program.wait(), errors) == (0, b"")


@pytest.mark.parametrize("words", [("report",), ("diff", "other")])
def test_a_run_in_a_folder_with_an_umlaut_is_shown_where_the_locale_has_ascii_only(
    words: tuple[str, ...], chartless: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Gr\u00fc\u00dfe"
    chartless.rename(folder)
    run = load_run(folder)
    save_run(folder, replace(run, argv=("run", "--out", str(folder)), source=str(folder)))
    shutil.copytree(folder, tmp_path / "other")
    done = subprocess.run(
        (sys.executable, str(ROOT / "compare.py"), words[0], *words[1:], "Gr\u00fc\u00dfe"),
        capture_output=True,
        cwd=tmp_path,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PATH": ""},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0 if words[0] == "report" else 4, b"")
    if words[0] == "report":
        assert "Gr\u00fc\u00dfe" in (folder / "report.md").read_text(encoding="utf-8")
        assert "Gr\u00fc\u00dfe/report.html" in done.stdout.decode()


def test_a_stream_without_the_dash_gets_another_character(chartless: Path) -> None:
    done = subprocess.run(
        (sys.executable, str(ROOT / "compare.py"), "report", str(chartless)),
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"flask" in done.stdout
