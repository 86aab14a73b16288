"""`compare.py diff` from outside: what it says first, and what it exits with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import compare
from bench.model.cell import Cell, Problem
from bench.model.run import Run
from bench.record.store import load_run, save_run
from tests.sessions.make import FOLDER, run_json, sessions
from tests.unit.builders import FASTAPI, FLASK, changed, plan, save
from tests.unit.sessions import STACKS, ordinary

ROOT = Path(__file__).resolve().parents[2]
SLOWER, SAME = FOLDER / "slower", FOLDER / "same-code"
UNLIKE = (FOLDER / "unlike-machines" / "base", FOLDER / "unlike-machines" / "head")


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


def program(*words: str | Path, **environment: str) -> Done:
    """`python compare.py` with these words, as a program of its own."""
    done = subprocess.run(
        (sys.executable, str(ROOT / "compare.py"), *map(str, words)),
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The same within this process, which takes no second to start."""

    def run(*words: str | Path) -> Done:
        code = compare.main(["diff", *map(str, words)])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


Diff = Callable[..., Done]


@pytest.mark.parametrize("name", [name for name, _ in sessions()])
def test_a_stored_session_is_what_its_script_makes(name: str) -> None:
    assert (FOLDER / name / "run.json").read_bytes() == run_json(dict(sessions())[name])


@pytest.mark.parametrize(
    ("folders", "code", "first", "second"),
    [
        ((SAME,), 0, "no regression beyond 7 %: at most 2.04 % worse", "10 restarts, 18 gated figures. Each is shown"),
        ((SLOWER,), 1, "regressed: flask-gthread, weather, 100 users: CPU per request +20.6 %", "10 restarts, "),
        (UNLIKE, 3, "not comparable: base and head differ in machine.cpu_model, machine.cpus", "machine.cpu_model is "),
        ((FOLDER / "moved-control",), 4, "inconclusive: the control moved: fastapi-aiohttp, weather, 600/s: P95 +", ""),
        ((FOLDER / "too-few-restarts",), 4, "inconclusive: flask-gthread, weather, ", "6 restarts are too few: "),
    ],
)  # fmt: skip
def test_each_stored_session_has_its_verdict_and_exit_code(
    diff: Diff, folders: Sequence[Path], code: int, first: str, second: str
) -> None:
    done = diff(*folders)
    assert (done.code, done.err) == (code, "")
    lines = done.out.split("\n")
    assert lines[0].startswith(first)
    assert lines[1].startswith(second)
    assert "Judged by the figures that it recorded: its raw samples are not there." in " ".join(done.out.split())
    assert "\x1b" not in done.out


def test_so_it_is_in_a_program_of_its_own() -> None:
    done = program("diff", SLOWER)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("regressed: flask-gthread, weather, 100 users: CPU per request +20.6 %")
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "the following arguments are required: BASE"),
        ((SLOWER, SAME, "third"), "unexpected argument: third"),
        ((SLOWER, "--fail-on", "p99:10%"), "unknown metric 'p99'; known: throughput, p95, memory, cpu, errors"),
        ((SLOWER, "--noise", "-2%"), "expected one argument"),
        ((SLOWER, "--alpha", "2"), "write a probability above 0 and at most 0.5"),
    ],
)
def test_wrong_usage_exits_2(words: Sequence[str | Path], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        compare.main(["diff", *map(str, words)])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def one_line(done: Done) -> str:
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    return done.err


def test_runs_that_are_no_pair_exit_2_with_one_line(diff: Diff) -> None:
    assert "is not an A/B run: give two runs, or one that `python -m bench ab` recorded" in one_line(diff(UNLIKE[0]))
    assert f"{SLOWER} is an A/B run, which contains both revisions: give it alone" in one_line(diff(UNLIKE[0], SLOWER))
    assert "is an A/B run, which contains both" in one_line(diff(SLOWER, UNLIKE[0]))
    assert "are the same run: give two different runs" in one_line(diff(UNLIKE[0], UNLIKE[0] / ".." / "base"))
    assert "holds no run.json" in one_line(diff(SLOWER / "absent"))


def test_a_report_of_an_ab_points_to_diff(capsys: pytest.CaptureFixture[str]) -> None:
    code = compare.main(["report", str(SLOWER)])
    said = capsys.readouterr()
    assert f"has a verdict and no report: python -m bench diff {SLOWER}" in one_line(Done(code, said.out, said.err))


def test_a_broken_import_exits_2_and_not_1_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "scipy").mkdir()
    for content in ("raise ImportError('scipy is\\nbroken')", "def half(:", "raise SystemExit(1)"):
        (tmp_path / "scipy" / "__init__.py").write_text(content, encoding="utf-8")
        done = program("diff", SLOWER, PYTHONPATH=str(tmp_path))
        assert (done.code, done.out) == (2, "")
        if "SystemExit" not in content:
            assert one_line(done).startswith("compare.py: ")


def test_an_unexpected_error_exits_2_and_an_interrupt_130(monkeypatch: pytest.MonkeyPatch, diff: Diff) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("unexpected")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.commands.diff.judge_paired", fails)
    done = diff(SLOWER)
    assert (done.code, done.out) == (2, "")
    assert "ZeroDivisionError: unexpected" in done.err
    monkeypatch.setattr("bench.commands.diff.judge_paired", interrupted)
    assert diff(SLOWER).code == 128 + signal.SIGINT


def test_a_full_disk_behind_stdout_exits_2_and_not_with_the_verdict() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("w") as target:
        done = subprocess.run(
            (sys.executable, str(ROOT / "compare.py"), "diff", str(SLOWER)),
            stdout=target,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"standard output cannot be written: No space left on device" in done.stderr


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[Run, str], Path]:
    """A folder with this run."""

    def store(run: Run, name: str = "run") -> Path:
        (tmp_path / name).mkdir(exist_ok=True)
        save_run(tmp_path / name, run)
        return tmp_path / name

    return store


Stored = Callable[..., Path]


def test_damaged_data_exits_2_with_one_line(diff: Diff, stored: Stored) -> None:
    run = load_run(SLOWER)
    assert run.ab is not None
    path = stored(run) / "run.json"
    path.write_bytes(path.read_bytes()[:2000])
    assert "run.json cannot be read" in one_line(diff(path.parent))
    strange = replace(run, ab=replace(run.ab, family=(replace(run.ab.family[0], metric="p99"),)))
    assert "the family's p99 of flask-gthread was not planned" in one_line(diff(stored(strange)))
    halves = replace(run, cells=(replace(run.cells[0], measurements=run.cells[0].measurements[:1]), *run.cells[1:]))
    assert "cell 0 has 1 measurements, not 2" in one_line(diff(stored(halves)))


def test_runs_with_samples_are_judged_from_them(diff: Diff, tmp_path: Path) -> None:
    shapes = {"flask": FLASK, "loop": FASTAPI}
    for name in ("base", "head"):
        save(tmp_path / name, plan(shapes, {"weather": (5,)}, rounds=3), shapes)
    run = load_run(tmp_path / "head")
    slow = (changed(cell, throughput_rps=1.0) for cell in run.cells)
    save_run(tmp_path / "head", replace(run, cells=tuple(slow)))
    done = diff(tmp_path / "base", tmp_path / "head")
    assert "recorded" not in done.out
    assert done.out.startswith("no regression: ")
    (tmp_path / "head" / "cells" / "0.npz").write_bytes(b"PK\x03\x04 and then nothing")
    assert "0.npz cannot be read" in one_line(diff(tmp_path / "base", tmp_path / "head"))


def test_thresholds_decide(diff: Diff) -> None:
    codes = [
        diff(SLOWER, *words).code
        for words in (
            ("--noise", "30%"),
            ("--fail-on", "cpu:30 %"),
            ("--fail-on", "cpu:10", "--noise", "30%"),
            ("--alpha", "0.001"),
        )
    ]
    assert codes == [0, 0, 1, 4]
    unused = diff(SLOWER, "--noise", "30%", "--fail-on", "throughput:5%")
    assert "A threshold is given for throughput, which is not gated here." in unused.out


def test_base_and_head_swapped_mirror_the_verdict(diff: Diff, stored: Stored) -> None:
    run = load_run(SLOWER)
    swapped = replace(run, cells=tuple(replace(cell, measurements=cell.measurements[::-1]) for cell in run.cells))
    done = diff(stored(swapped))
    assert done.code == 0
    assert done.out.startswith("improved: flask-gthread, weather, 100 users: CPU per request -17.1 %")


def test_two_runs_and_their_verdicts(diff: Diff, stored: Stored) -> None:
    base, slower = stored(ordinary(), "base"), stored(ordinary(seed=2, effects={(STACKS[0], "cpu"): 1.2}), "head")
    worse, better = diff(base, slower), diff(slower, base, "--noise", "5%")
    assert (worse.code, better.code) == (1, 0)
    assert worse.out.startswith("regressed: flask-gthread, weather, ")
    assert better.out.startswith("improved: flask-gthread, weather, ")


def test_what_head_lost_is_never_a_pass(diff: Diff, stored: Stored) -> None:
    whole = ordinary()
    lost = [cell for cell in whole.cells if cell.stack == STACKS[0]]
    base, head = stored(whole, "base"), stored(replace(ordinary(seed=2), cells=tuple(lost)), "head")
    done = diff(base, head, "--noise", "5%")
    assert done.code == 3
    assert done.out.startswith("not comparable: fastapi-aiohttp, weather, 100 users: CPU per request; and ")
    assert "Head planned it but recorded no round of it." in done.out


FAILING = Problem("service errors", "3.00 % of the requests failed: 300 x status 500", ("latency", "cpu"))


def degraded(cell: Cell) -> Cell:
    base, head = cell.measurements
    return replace(cell, measurements=(base, replace(head, outcome="degraded", problems=(FAILING,))))


def test_a_head_that_fails_in_a_single_restart_regressed(diff: Diff, stored: Stored) -> None:
    run = load_run(SAME)
    done = diff(stored(replace(run, cells=(degraded(run.cells[0]), *run.cells[1:]))))
    assert done.code == 1
    assert done.out.startswith("regressed: flask-gthread, weather, 100 users: failed requests")
    assert FAILING.detail in done.out


def test_the_files_hold_what_was_said(diff: Diff, tmp_path: Path) -> None:
    done = diff(SLOWER, "--markdown", tmp_path / "a.md", "--json", tmp_path / "a.json")
    assert done.code == 1
    first, second = done.out.split("\n")[:2]
    comment = (tmp_path / "a.md").read_text(encoding="utf-8").split("\n")
    assert comment[0].endswith(f"{first[1:]}**")
    assert comment[2].endswith(second)
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (told["version"], told["verdict"], told["exit_code"]) == (2, "regressed", 1)
    assert (told["headline"], told["why"]) == (first, second)


def test_a_file_that_cannot_be_written_exits_2_after_the_verdict(diff: Diff, tmp_path: Path) -> None:
    done = diff(SLOWER, "--json", tmp_path)
    assert done.code == 2
    assert done.out.startswith("regressed: ")
    assert "compare.py: the verdict cannot be written to" in done.err
