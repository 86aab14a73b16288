"""Signals in every phase: one clear message, the right exit code, nothing left running, and the run can go on."""

import re
import secrets
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.run.host.owner import TOGETHER

from .conftest import Config
from .harness import IMPATIENT, UNREPORTED, Done, Harness, finish, run_json, until


def messages(done: Done) -> list[str]:
    return [line for line in done.err.splitlines() if line.startswith("bench: ")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "mark", "then_s", "window_s", "number", "phase"),
    [
        ("deaf", "started", 0.2, 60, signal.SIGINT, "start server"),
        ("good", "asked", 0.1, 60, signal.SIGTERM, "warm up"),
        ("good", "asked", 2.0, 60, signal.SIGINT, "measure"),
        ("sluggish", "asked", 3.0, 0.2, signal.SIGTERM, "drain"),
    ],
)
def test_a_signal_ends_the_run_cleanly_in_any_phase(
    harness: Harness,
    config: Config,
    tmp_path: Path,
    behaviour: str,
    mark: str,
    then_s: float,
    window_s: float,
    number: int,
    phase: str,
) -> None:
    mine, folder = config(behaviour), tmp_path / "run"
    warmup_s = 30 if phase == "warm up" else 0.2
    process = harness.start(
        "run", "--config", mine, "--profile", "tiny", "--out", folder, "--window", str(window_s), "--warmup",
        str(warmup_s),
    )  # fmt: skip
    until((mine.parent / mark).exists, mark)
    time.sleep(then_s)
    process.send_signal(number)
    begun_s = time.monotonic()
    done = finish(process)
    assert time.monotonic() - begun_s < 30  # it does not wait for the end of the window
    assert done.code == 128 + number
    (message,) = messages(done)
    assert message == (
        f"bench: interrupted by {signal.Signals(number).name}: {behaviour}, look, 2 users, round 1, in phase {phase}; "
        f"0 finished cells are kept in {folder}: go on with python -m bench run --resume {folder}"
    )
    assert harness.left() == []


def test_an_interrupted_run_keeps_what_it_finished_and_resume_completes_it(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    mine, folder = config("good", users="[1, 2, 3]"), tmp_path / "run"
    process = harness.start("run", "--config", mine, "--profile", "tiny", "--out", folder)
    assert process.stderr is not None
    announced = process.stderr.readline()
    assert re.match(r"3 cells, about 0:[01]\d or more, into ", announced), announced
    first = process.stderr.readline()
    assert first.startswith("1/3 good, look, 1 user, round 1: "), first
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.code == 130
    assert len(messages(done)) == 1
    assert harness.left() == []
    kept = run_json(folder)["cells"]
    samples = (folder / kept[0]["samples"]).read_bytes()

    again = harness.run("run", "--resume", folder)
    assert again.code == 0, again.err
    cells = run_json(folder)["cells"]
    assert [cell["load"]["users"] for cell in cells] == [1, 2, 3]
    assert cells[: len(kept)] == kept
    assert (folder / kept[0]["samples"]).read_bytes() == samples
    refused = harness.run("run", "--config", mine, "--profile", "tiny", "--out", folder)
    assert refused.code == 2
    assert "holds a run already" in refused.err
    assert run_json(folder)["cells"] == cells


@pytest.mark.slow
def test_two_signals_while_it_cleans_up_change_nothing(harness: Harness, config: Config, tmp_path: Path) -> None:
    mine, folder = config("stubborn"), tmp_path / "run"
    process = harness.start(
        "run", "--config", mine, "--profile", "tiny", "--out", folder, "--window", "60",
        changed=UNREPORTED + IMPATIENT,
    )  # fmt: skip
    until((mine.parent / "asked").exists)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
        process.send_signal(number)
        time.sleep(0.2)
    done = finish(process)
    assert done.code == 143
    assert len(messages(done)) == 1
    assert harness.left() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_harness_that_is_killed_takes_all_with_it(
    harness: Harness, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # it cannot take away its temporary folder
    monkeypatch.setenv(TOGETHER, secrets.token_hex(8))  # no other harness is to end what it left
    mine = config("good")
    process = harness.start("run", "--config", mine, "--profile", "tiny", "--out", tmp_path / "run", "--window", "30")
    until((mine.parent / "asked").exists)
    process.kill()
    process.wait()
    until(lambda: not harness.left(), "the end of all processes")


@pytest.mark.slow
def test_an_upstream_that_dies_in_mid_window_fails_the_cell(harness: Harness, config: Config, tmp_path: Path) -> None:
    mine, folder = config("good"), tmp_path / "run"
    process = harness.start("run", "--config", mine, "--profile", "tiny", "--out", folder, "--window", "60")
    until((mine.parent / "asked").exists)
    time.sleep(2.0)
    (upstream,) = [child for child in psutil.Process(process.pid).children() if "upstream" in child.cmdline()]
    upstream.kill()
    done = finish(process)
    assert done.code == 1
    (line,) = [line for line in done.err.splitlines() if "FAILED" in line]
    assert "in phase measure: the upstream was killed by SIGKILL; log: " in line
    assert run_json(folder)["cells"][0]["measurements"][0]["outcome"] == "failed"
    assert harness.left() == []
