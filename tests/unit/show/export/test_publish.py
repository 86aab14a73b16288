"""The command `export`, as compare.py calls it."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

import compare
from bench import cli
from bench.judge.cell.kinds import EVERYTHING
from bench.model.cell import Cell
from bench.record.store import save_run
from bench.show.export.formats import FORMATS

from .made_up import BEHIND, LATE, SESSIONS, of_cells, three

WHERE = "weather, 10 users (closed-loop)"
LATENCIES = "P95 at saturation, P50 at saturation, P99 at saturation and maximum at saturation"
VERDICT = "--fail-on, --noise and --alpha are about the verdict on an A/B run: --format junit has it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose latency is unreliable, of one stack altogether and of the other in one round."""
    return saved(tmp_path / "run", *three("flask", BEHIND), *three("fastapi", LATE))


def saved(folder: Path, *cells: Cell) -> Path:
    """The folder, with a run of these cells, which are taken as they were recorded."""
    folder.mkdir(exist_ok=True)
    save_run(folder, of_cells(*(replace(one, samples=None) for one in cells)))
    return folder


def test_one_file_goes_to_standard_output_and_what_is_left_out_to_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["export", str(folder), "--format", "bencher"]) == 0
    said = capsys.readouterr()
    assert set(json.loads(said.out)) == {
        "flask, weather, 10 users (closed-loop)",
        "fastapi, weather, 10 users (closed-loop)",
    }
    assert said.err.splitlines() == [
        "left out, because not reliable: 4 figures",
        f"  flask, {WHERE}: {LATENCIES}: falling behind: {BEHIND.detail} (1 of 3 rounds)",
        "of fewer rounds, because others are not reliable: 4 figures",
        f"  fastapi, {WHERE}: {LATENCIES}: upstream late: off by 6 ms (1 of 3 rounds)",
    ]


def test_the_table_has_everything_so_nothing_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["export", str(folder), "--format", "csv", "--out", "-"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 2 * 3 * 8


def test_several_files_go_into_the_run_unless_another_folder_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main(["export", str(folder), "--format", "gha"]) == 0
    names = ["bigger-is-better.json", "smaller-is-better.json"]
    assert sorted(path.name for path in (folder / "export").iterdir()) == names
    assert capsys.readouterr().out.splitlines() == [str(folder / "export" / name) for name in names]
    assert compare.main(["export", str(folder), "--format", "gha", "--out", str(tmp_path / "a" / "b")]) == 0
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == names


def test_one_file_goes_to_the_path_that_is_named_or_into_the_folder(folder: Path, tmp_path: Path) -> None:
    assert compare.main(["export", str(folder), "--format", "junit", "--out", str(tmp_path / "new" / "mine.xml")]) == 0
    assert compare.main(["export", str(folder), "--format", "junit", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "junit.xml").read_bytes() == (tmp_path / "new" / "mine.xml").read_bytes()


def test_a_verdict_has_no_part_in_the_exit_code(tmp_path: Path) -> None:
    words = ["export", str(SESSIONS / "slower"), "--format", "junit", "--out", str(tmp_path / "junit.xml")]
    assert compare.main(words) == 0
    assert "<failure " in (tmp_path / "junit.xml").read_text(encoding="ascii")
    assert compare.main([*words, "--fail-on", "cpu:50%"]) == 0
    assert "<failure " not in (tmp_path / "junit.xml").read_text(encoding="ascii")


@pytest.mark.parametrize("form", list(FORMATS))
def test_both_programs_write_the_same(form: str, folder: Path, tmp_path: Path) -> None:
    words = ["export", str(folder), "--format", form, "--out"]
    assert compare.main([*words, str(tmp_path / "one")]) == 0
    assert cli.main([*words, str(tmp_path / "other")]) == 0
    one, other = (
        [path.read_bytes() for path in sorted(tmp_path.rglob("*")) if name in path.parts and path.is_file()]
        for name in ("one", "other")
    )
    assert one == other
    assert len(one) == (2 if form == "gha" else 1)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("gone --format csv", "gone holds no run.json: is it a run folder?"),
        (
            "{run} --format gha --out {run}/run.json",
            "gha writes 2 files, and {run}/run.json is no folder: give --out a folder",
        ),
        ("{run} --format gha --out -", "gha writes 2 files, and - is no folder: give --out a folder"),
        ("{run} --format csv --out {run}/run.json/x", "the export cannot be written to {run}/run.json/x: "),
        ("{run} --format junit --noise 5%", VERDICT),
        ("{session} --format pyperf --alpha 0.01", VERDICT),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    words: str, wanted: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"run": folder, "session": SESSIONS / "slower"}
    assert compare.main(["export", *words.format(**names).split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"compare.py: {wanted.format(**names)}")
    assert said.err.count("\n") == 1


def test_a_run_of_which_nothing_is_reliable_is_no_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(tmp_path, *three("flask", *(replace(BEHIND, voids=EVERYTHING),) * 3))
    assert compare.main(["export", str(tmp_path), "--format", "bencher"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first = (
        f"compare.py: {tmp_path} has nothing to export as bencher: none of its figures is reliable. The first: flask, "
    )
    assert said.err.startswith(f"{first}{WHERE}: throughput, P95 at saturation, memory, ")
    assert said.err.endswith(f": falling behind: {BEHIND.detail} (3 of 3 rounds)\n")
    saved(tmp_path)
    assert compare.main(["export", str(tmp_path), "--format", "csv"]) == 2
    assert capsys.readouterr().err.endswith("has nothing to export as csv: it has no cell\n")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [((), "the following arguments are required: --format"), (("--format", "xml"), "invalid choice: 'xml'")],
)
def test_a_format_must_be_named_and_known(
    words: tuple[str, ...], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        compare.main(["export", *words])
    assert caught.value.code == 2
    assert wanted in capsys.readouterr().err
