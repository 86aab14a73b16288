"""Servers that misbehave, all in one run: each cell ends as it should, the run goes on, nothing is left running."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import compare

from .conftest import Config
from .harness import IMPATIENT, UNREPORTED, Done, Harness, run_json

pytestmark = pytest.mark.slow

SERVING = ("good", "broken", "hangs", "rude", "stubborn", "slow")
FAILING = ("stillborn", "dies", "deaf", "fixed", "absent", "mistaken", "nowhere")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults") / "a run, of “odd” näme"


@pytest.fixture(scope="module")
def done(shared_harness: Harness, config: Config, folder: Path) -> Iterator[Done]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        changed = {
            "fixed": {"env": f'{{ HARD = "{taken.getsockname()[1]}" }}'},
            "absent": {"argv": '["no-such-server", "{port}"]'},
            "mistaken": {"argv": '["python", "{prot}"]'},
            "nowhere": {"cwd": '"gone"'},
        }
        mine = config(*SERVING, *FAILING, timeout_s=1.0, changed=changed)
        yield shared_harness.run(
            "run", "--config", mine, "--profile", "tiny", "--out", folder, "--seed", "3",
            changed=UNREPORTED + IMPATIENT,
        )  # fmt: skip


@pytest.fixture(scope="module")
def cells(done: Done, folder: Path) -> dict[str, Any]:
    assert done.code == 1, done.err
    return {cell["stack"]: cell for cell in run_json(folder)["cells"]}


def test_every_cell_is_accounted_for_and_the_exit_code_says_that_some_failed(
    done: Done, cells: dict[str, Any], folder: Path
) -> None:
    assert cells.keys() == {*SERVING, *FAILING}
    assert {name for name, cell in cells.items() if cell["measurements"][0]["outcome"] == "failed"} == set(FAILING)
    assert f"{len(FAILING)} cells failed; their logs are in {folder}/logs" in done.err
    for said in (
        "broken served nothing: it answered 100 % of the requests with status 500",
        "hangs served nothing: it failed 100 % of the requests (timeout)",
        "rude served nothing: it failed 100 % of the requests (connection lost)",
    ):
        assert f"{said}; the logs are in {folder}/logs\n" in done.err


@pytest.mark.parametrize(
    ("stack", "wanted"),
    [
        ("stillborn", ["start server: stillborn ended with exit code 1; it said: no way to start; log: "]),
        ("dies", ["dies ended with exit code 9; log: "]),
        ("deaf", ["start server: deaf was not ready on port", "does its argv use {port}, and can it "]),
        ("fixed", ["start server: fixed ended with exit code 1; it said: ", "address already in use", "; log: "]),
        ("absent", ["start server: there is no program 'no-such-server' on PATH"]),
        ("mistaken", ["start server: unknown placeholder {prot} in '{prot}'; known: {host} {port}"]),
        ("nowhere", ["start server: the working directory ", "gone does not exist"]),
    ],
)
def test_a_failed_cell_is_told_in_one_line_with_phase_and_log(
    done: Done, cells: dict[str, Any], stack: str, wanted: list[str]
) -> None:
    (line,) = [line for line in done.err.splitlines() if f" {stack}, look, 2 users, round 1: FAILED in phase" in line]
    (problem,) = cells[stack]["measurements"][0]["problems"]
    for part in wanted:
        assert part in line
        assert part in problem["detail"]
    if "log: " in line:
        assert Path(line.partition("log: ")[2].removesuffix(" (empty)")).is_file()


def test_a_server_that_dies_in_mid_load_fails_in_the_phase_that_was_under_way(done: Done) -> None:
    (line,) = [line for line in done.err.splitlines() if " dies, look" in line]
    assert "FAILED in phase warm up: " in line or "FAILED in phase measure: " in line


@pytest.mark.parametrize(
    ("stack", "error"),
    [("broken", "status 500"), ("hangs", "timeout"), ("rude", "connection lost"), ("slow", "timeout")],
)
def test_a_server_that_serves_nothing_is_recorded_with_its_errors(
    cells: dict[str, Any], stack: str, error: str
) -> None:
    cell = cells[stack]
    assert cell["measurements"][0]["requests"]["ok"] == 0
    assert cell["measurements"][0]["requests"]["by_error"].keys() == {error}
    assert cell["measurements"][0]["outcome"] in {"degraded", "invalid"}
    assert cell["measurements"][0]["throughput_rps"] == 0
    assert "nothing served" in {problem["name"] for problem in cell["measurements"][0]["problems"]}
    assert cell["measurements"][0]["memory"]["median"]["rss_bytes"] > 1e6


@pytest.mark.parametrize("stack", ["good", "stubborn"])
def test_the_others_are_measured_all_the_same(cells: dict[str, Any], stack: str) -> None:
    cell = cells[stack]
    assert cell["measurements"][0]["requests"]["ok"] > 5
    assert cell["measurements"][0]["requests"]["errors"] == cell["measurements"][0]["requests"]["timeouts"] == 0


def test_nothing_is_left_running_not_even_what_ignored_sigterm_or_left_its_group(
    done: Done, shared_harness: Harness
) -> None:
    assert done.code == 1
    assert shared_harness.left() == []


def test_the_report_of_such_a_run_can_be_drawn(
    done: Done, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert done.code == 1
    nothing = b'<svg viewBox="0 0 9 9"></svg>'  # to write them takes seconds
    monkeypatch.setattr("bench.show.charts.gallery._written", lambda _figure, _kind: nothing)
    assert compare.main(["report", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert [name for name in (*SERVING, *FAILING) if name not in shown] == []
    answer = " ".join(shown.partition("The answer")[2].split())
    assert "broken served nothing: it answered 100 % of the requests with status 500." in answer
    assert "On look with 2 users, absent could not be measured: start server: there is no program" in answer
