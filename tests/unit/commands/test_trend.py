"""`trend` from the command line: several run folders in, tables, a page and numbers out."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import compare
from bench.model.run import Run
from bench.record.store import load_run, save_run
from tests.unit.builders import FASTAPI, FLASK, plan, save
from tests.unit.judge.history.made_up import STEP, nights
from tests.unit.sessions import session


def folders(runs: Sequence[Run], into: Path) -> list[str]:
    """The folders of these runs, without raw samples."""
    for run in runs:
        (into / run.id).mkdir(parents=True)
        cells = tuple(replace(one, samples=None) for one in run.cells)
        save_run(into / run.id, replace(run, cells=cells))
    return [str(into / run.id) for run in runs]


@pytest.fixture
def stepped(tmp_path: Path) -> list[str]:
    return folders(nights(STEP), tmp_path / "runs")


def error(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_the_step_is_printed_and_nothing_written(
    stepped: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["trend", *stepped[::-1]]) == 0
    said = capsys.readouterr()
    text = " ".join(said.out.split())
    assert said.out.startswith("Trend of 12 runs\n")
    assert "0.80\u00d7 since night-07 (commit 7000000): " in text
    assert said.err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_page_with_charts_a_comment_and_all_numbers_are_written(stepped: list[str], tmp_path: Path) -> None:
    out, comment, numbers = tmp_path / "out", tmp_path / "c.md", tmp_path / "n.json"
    words = ["trend", *stepped, "--out", str(out), "--markdown", str(comment), "--json", str(numbers)]
    assert compare.main(words) == 0
    assert {path.name for path in out.iterdir()} == {"trend.html", "trend.md", "trend.json", "charts"}
    assert {path.name for path in (out / "charts").iterdir()} == {
        f"trend-{part}.{kind}" for part in ("ratios", "capacity", "absolute") for kind in ("svg", "png")
    }
    page = (out / "trend.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.count('<svg class="chart"') == 3
    assert "](charts/trend-ratios.png)" in (out / "trend.md").read_text(encoding="utf-8")
    assert comment.read_text(encoding="utf-8").startswith("**Trend of 12 runs**")
    assert numbers.read_text() == (out / "trend.json").read_text()


def test_the_charts_of_a_run_in_the_same_folder_stay(stepped: list[str], tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "throughput.svg").write_text("x")
    assert compare.main(["trend", *stepped[:2], "--out", str(tmp_path)]) == 0
    assert (tmp_path / "charts" / "throughput.svg").read_text() == "x"


def test_the_numbers_alone_go_to_standard_output(stepped: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["trend", *stepped, "--json", "-", "--alpha", "0.01"]) == 0
    assert json.loads(capsys.readouterr().out)["alpha"] == 0.01


def test_runs_are_judged_again_from_their_raw_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = {"flask": FLASK, "loop": FASTAPI}
    for number in (1, 2):
        run = save(tmp_path / str(number), plan(shapes, {"weather": (10,)}, rounds=1), shapes)
        wrong = tuple(
            replace(one, measurements=tuple(replace(each, throughput_rps=1e9) for each in one.measurements))
            for one in run.cells
        )
        save_run(tmp_path / str(number), replace(run, id=str(number), started=f"2026-01-0{number}", cells=wrong))
    assert compare.main(["trend", str(tmp_path / "1"), str(tmp_path / "2")]) == 0
    out = capsys.readouterr().out
    assert "loop" in out
    assert "1000000000" not in out


def test_one_run_is_no_trend(stepped: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["trend", stepped[0]]) == 2
    assert error(capsys) == (
        f"compare.py: {stepped[0]} is one run, and a trend takes two or more: name several run folders\n"
    )


def test_a_run_that_is_named_twice_is_refused_even_as_a_copy(
    stepped: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(shutil.copytree(stepped[0], tmp_path / "copy"))
    assert compare.main(["trend", *stepped, copy]) == 2
    assert error(capsys) == f"compare.py: {stepped[0]} and {copy} are the same run, night-01: name it once\n"


def test_a_run_that_cannot_be_read_is_named(stepped: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    broken = Path(stepped[7]) / "run.json"
    broken.write_bytes(broken.read_bytes()[:200])
    assert compare.main(["trend", *stepped]) == 2
    assert error(capsys).startswith(f"compare.py: {broken} cannot be read: ")
    assert compare.main(["trend", *stepped[:3], "gone"]) == 2
    assert error(capsys) == "compare.py: gone holds no run.json: is it a run folder?\n"


def test_an_ab_run_is_refused(stepped: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_run(tmp_path, session())
    assert compare.main(["trend", stepped[0], str(tmp_path)]) == 2
    assert f"{tmp_path} is an A/B run, and a trend takes none: see python -m bench diff {tmp_path}" in error(capsys)


def test_a_file_that_cannot_be_written_is_an_error_after_the_tables(
    stepped: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["trend", *stepped, "--markdown", str(tmp_path / "gone" / "x.md")]) == 2
    said = capsys.readouterr()
    assert "Trend of 12 runs" in said.out
    assert f"the trend cannot be written to {tmp_path / 'gone' / 'x.md'}: No such file or directory" in said.err
    assert compare.main(["trend", *stepped, "--out", f"{stepped[0]}/run.json"]) == 2
    assert f"the trend cannot be written to {stepped[0]}/run.json: " in capsys.readouterr().err
    assert load_run(Path(stepped[0])).id == "night-01"
