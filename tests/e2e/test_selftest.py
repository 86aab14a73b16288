"""`bench selftest`, and what a run makes of it."""

from pathlib import Path

import pytest

from .conftest import Config
from .harness import Harness, run_json


@pytest.mark.live
@pytest.mark.slow
def test_the_selftest_says_what_this_machine_can_measure(harness: Harness) -> None:
    done = harness.run("selftest")
    assert done.code == 0, done.err
    print(done.out)
    for words in (
        "open-loop loads are reliable up to ",
        "closed-loop loads are reliable up to ",
        "upstream alone: ",
        "timers: ",
    ):
        assert words in done.out
    assert harness.left() == []


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.usefixtures("own_selftest")
def test_a_rate_beyond_the_machine_is_refused_with_a_reason(harness: Harness, config: Config, tmp_path: Path) -> None:
    words = ("run", "--config", config("good"), "--profile", "tiny", "--rate", "60000", "--out", tmp_path / "run")
    refused = harness.run(*words)
    assert refused.code == 2
    assert refused.err.startswith("selftest: what can this machine measure?\n")
    assert "this machine cannot send 60 000/s on schedule" in refused.err.replace("\u202f", " ")
    assert "--force" in refused.err
    assert not (tmp_path / "run" / "run.json").exists()
    assert harness.left() == []


def test_a_run_stores_the_selftest_that_it_rests_on(harness: Harness, config: Config, tmp_path: Path) -> None:
    done = harness.run(
        "run", "--config", config("good"), "--profile", "tiny", "--rate", "50", "--out", tmp_path / "run"
    )
    assert done.code == 0, done.err
    run = run_json(tmp_path / "run")
    assert run["selftest"]["open_rps"] >= 50
    assert run["selftest"]["users"] >= 2
    (cell,) = run["cells"]
    assert cell["load"] == {"model": "open", "rate_rps": 50.0, "arrivals": "fixed", "max_in_flight": 500}
    assert cell["measurements"][0]["requests"]["ok"] > 0
