"""The examples of docs/your-own-service.md: copied out of the checkout, served, loaded and recorded."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT
from .harness import Harness, run_json

pytestmark = pytest.mark.slow

USERS, WAIT_S = 2, 0.1
SHORT = ("--users", str(USERS), "--rounds", "1", "--warmup", "0.5", "--window", "1")


@dataclass(frozen=True, slots=True)
class Example:
    """A file of one's own, its profile, and the calls that one request makes of the upstream."""

    file: str
    profile: str
    calls: dict[str, int]


EXAMPLES = {
    "django-gthread": Example("django/shop.toml", "shop", {"orders": 1}),
    "django-sync": Example("django/shop.toml", "shop", {"orders": 1}),
    "starlette-aiohttp": Example("starlette/account.toml", "account", {"users": 1, "reviews": 1}),
}


@pytest.fixture(scope="module")
def cells(shared_harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The cell of each stack; what is recorded of one is, as for everybody, under the name of its stack."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "docs" / "examples", folder / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    found: dict[str, Any] = {}
    for example in dict.fromkeys((one.file, one.profile) for one in EXAMPLES.values()):
        file, profile = example
        out = folder / profile
        done = shared_harness.run(
            "run", "--config", folder / "mine" / file, "--profile", profile, *SHORT, "--out", out, "--force"
        )
        assert done.code == 0, done.err
        found.update({cell["stack"]: cell for cell in run_json(out)["cells"]})
    yield found
    assert shared_harness.left() == []


def test_each_stack_of_the_examples_is_measured_here(cells: dict[str, Any]) -> None:
    assert set(cells) == set(EXAMPLES)
    files = {path.relative_to(ROOT / "docs" / "examples").as_posix() for path in _files()}
    assert files == {one.file for one in EXAMPLES.values()}


@pytest.mark.parametrize("stack", EXAMPLES)
def test_an_example_answers_rightly_and_is_measured(cells: dict[str, Any], stack: str) -> None:
    cell = cells[stack]
    assert cell["measurements"][0]["requests"]["ok"] > 2
    assert cell["measurements"][0]["requests"]["errors"] == cell["measurements"][0]["requests"]["timeouts"] == 0
    # Nobody answers before the upstream does.
    assert 0 < cell["measurements"][0]["throughput_rps"] <= 1.1 * USERS / WAIT_S
    assert cell["measurements"][0]["latency_s"]["p50"] >= 0.95 * WAIT_S
    assert cell["measurements"][0]["memory"]["peak"]["rss_bytes"] > 5e6


@pytest.mark.parametrize("stack", EXAMPLES)
def test_an_example_calls_the_upstream_as_its_table_says(cells: dict[str, Any], stack: str) -> None:
    cell = cells[stack]
    assert set(cell["measurements"][0]["upstream"]["hits"]) == set(EXAMPLES[stack].calls)
    assert "upstream calls" not in {problem["name"] for problem in cell["measurements"][0]["problems"]}


def test_slots_are_known_where_the_table_tells_them(cells: dict[str, Any]) -> None:
    assert cells["django-sync"]["measurements"][0]["bottleneck"]["slots_rps"] == pytest.approx(4 / WAIT_S)
    assert cells["starlette-aiohttp"]["measurements"][0]["bottleneck"]["slots_rps"] is None


def _files() -> list[Path]:
    return sorted((ROOT / "docs" / "examples").glob("*/*.toml"))
