"""The examples of docs/your-own-service.md: copied out of the checkout, served, loaded and recorded."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT
from .harness import Harness, run_json

pytestmark = pytest.mark.slow

USERS, WAIT_S = 2, 0.1
SHORT = ("--users", str(USERS), "--rounds", "1", "--warmup", "0.5", "--window", "1")
EXAMPLES = {"fastapi": "shop", "flask": "basket"}
"""The profile of each folder; its TOML file has the same name."""

Cells = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def cells(shared_harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    """Each cell's only measurement, by its stack and scenario."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "docs" / "examples", folder / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    found: Cells = {}
    for name, profile in EXAMPLES.items():
        file, out = folder / "mine" / name / f"{profile}.toml", folder / profile
        done = shared_harness.run("run", "--config", file, "--profile", profile, *SHORT, "--out", out, "--force")
        assert done.code == 0, done.err
        for cell in run_json(out)["cells"]:
            (found[cell["stack"], cell["scenario"]],) = cell["measurements"]
    yield found
    assert shared_harness.left() == []


def test_each_stack_and_scenario_of_the_examples_is_measured_here(cells: Cells) -> None:
    assert set(cells) == {
        ("shop", "orders"), ("basket", "basket"), ("basket", "shoppers"),
        ("basket-4-threads", "basket"), ("basket-4-threads", "shoppers"),
    }  # fmt: skip
    files = {path.relative_to(ROOT / "docs" / "examples").as_posix() for path in _files()}
    assert files == {f"{name}/{profile}.toml" for name, profile in EXAMPLES.items()}


def test_every_answer_of_the_examples_is_right(cells: Cells) -> None:
    for one in cells.values():
        assert one["requests"]["ok"] > 2
        assert (one["requests"]["by_error"], one["wrong_answers"]) == ({}, [])
        assert "upstream calls" not in {problem["name"] for problem in one["problems"]}


def test_a_mix_has_a_row_for_each_request(cells: Cells) -> None:
    buy, look = cells["shop", "orders"]["routes"]
    assert (buy["name"], look["name"]) == ("buy", "look")
    # Each request is drawn with weight 3 to 1: of n drawn, n / 4 look, with the spread of a binomial number.
    drawn = buy["requests"]["ok"] + look["requests"]["ok"]
    assert drawn >= 60, "too few to tell 3 to 1 from equal weights"
    assert look["requests"]["ok"] == pytest.approx(drawn / 4, abs=4 * (drawn * 3 / 16) ** 0.5)
    users = [route["name"] for route in cells["basket", "shoppers"]["routes"]]
    assert set(users) == {"POST /basket", "GET /basket"}


def test_nobody_answers_before_the_upstream_does(cells: Cells) -> None:
    for stack in ("basket", "basket-4-threads"):
        one = cells[stack, "basket"]
        assert 0 < one["throughput_rps"] <= 1.1 * USERS / WAIT_S
        assert one["latency_s"]["p50"] >= 0.95 * WAIT_S
    assert cells["basket-4-threads", "basket"]["bottleneck"]["slots_rps"] == pytest.approx(4 / WAIT_S)


def _files() -> list[Path]:
    return sorted((ROOT / "docs" / "examples").glob("*/*.toml"))
