"""What the harness itself can bear and costs; on an idle machine."""

from pathlib import Path

import pytest

from .conftest import Config
from .harness import Harness, run_json
from .witness import Witness

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_five_hundred_users_do_not_exhaust_ports_of_a_server_that_closes_each_connection(
    harness: Harness, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    done = harness.run(
        "run", "--profile", "smoke", "--stacks", "flask-sync", "--scenarios", "health", "--users", "500",
        "--warmup", "2.5", "--window", "8", "--out", folder, "--force",
    )  # fmt: skip
    assert done.code == 0, done.err
    (cell,) = run_json(folder)["cells"]
    print(
        cell["measurements"][0]["requests"],
        cell["measurements"][0]["throughput_rps"],
        cell["measurements"][0]["problems"],
    )
    assert cell["measurements"][0]["requests"]["by_error"] == {}
    assert cell["measurements"][0]["requests"]["ok"] > 2000


def test_a_thousand_users_are_held_on_kept_connections(harness: Harness, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = harness.run(
        "run", "--profile", "smoke", "--stacks", "fastapi-aiohttp", "--users", "1000", "--warmup", "4",
        "--window", "4", "--out", folder, "--force",
    )  # fmt: skip
    assert done.code == 0, done.err
    (cell,) = run_json(folder)["cells"]
    print(
        cell["measurements"][0]["requests"],
        cell["measurements"][0]["throughput_rps"],
        cell["measurements"][0]["problems"],
    )
    assert cell["measurements"][0]["requests"]["by_error"] == {}


@pytest.mark.parametrize("stack", ["flask-sync", "fastapi-gunicorn"])
def test_the_sampler_costs_less_than_a_hundredth_of_a_core(harness: Harness, tmp_path: Path, stack: str) -> None:
    folder = tmp_path / "run"
    with Witness() as witness:
        done = harness.run(
            "run", "--profile", "smoke", "--stacks", stack, "--users", "50", "--window", "8", "--out", folder
        )
    assert done.code == 0, done.err
    (cell,) = run_json(folder)["cells"]
    cores = cell["measurements"][0]["cpu"]["sampler_cores"]
    print(witness, cores)
    witness.excuse(cores < 0.01)
    assert 0 < cores < 0.01


def test_a_window_grows_until_it_spans_three_p95_and_to_its_limit_at_most(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    words = ("run", "--config", config("slow", timeout_s=5.0), "--profile", "tiny", "--users", "1")
    lengths_s = {}
    for window_s in ("2", "0.5"):
        folder = tmp_path / window_s
        done = harness.run(*words, "--window", window_s, "--out", folder)
        (cell,) = run_json(folder)["cells"]
        # An answer takes so long that the shorter window may see none begin: then the stack served nothing.
        assert done.code == (0 if cell["measurements"][0]["requests"]["ok"] else 1), done.err
        lengths_s[window_s] = cell["window"]["end_s"] - cell["window"]["start_s"]
    assert 3 * 1.5 <= lengths_s["2"] <= 6.0
    assert lengths_s["0.5"] <= 1.5 + 1e-6
