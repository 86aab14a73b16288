"""A real run of both frameworks, as short as it can be."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from bench.plan.duration import LOOK_S

from .conftest import ROOT
from .harness import Done, Harness, run_json

STACKS = ("flask-gthread", "fastapi-aiohttp")
USERS = (5,)

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smoke") / "run"


@pytest.fixture(scope="module")
def done(shared_harness: Harness, folder: Path) -> Iterator[Done]:
    """The command as people give it; the checkout has a selftest of the last hour."""
    yield shared_harness.run(
        "run", "--profile", "smoke", "--users", ",".join(map(str, USERS)), "--window", "1.5", "--warmup", "0.8",
        "--out", folder, "--force", changed=None,
    )  # fmt: skip
    assert shared_harness.left() == []


@pytest.fixture(scope="module")
def run(done: Done, folder: Path) -> dict[str, Any]:
    assert done.code == 0, done.err
    return run_json(folder)


def test_a_run_records_every_cell_and_says_where(done: Done, run: dict[str, Any], folder: Path) -> None:
    *_, page, markdown = done.out.rstrip().splitlines()
    assert page == f"With charts, for any browser: {folder / 'report.html'}"
    assert markdown == f"As Markdown: {folder / 'report.md'}"
    assert "\nThe answer\nOn " in done.out
    assert (folder / "report.html").is_file()
    assert sorted((cell["stack"], cell["load"]["users"]) for cell in run["cells"]) == sorted(product(STACKS, USERS))
    assert {cell["measurements"][0]["outcome"] for cell in run["cells"]} <= {"ok", "invalid"}, done.err
    announced, *cells = [line for line in done.err.splitlines() if line[0] != " "]
    assert announced.startswith("2 cells, about 0:")
    assert announced.endswith(f"into {folder}")
    assert [line[:3] for line in cells] == ["1/2", "2/2"]


def test_the_record_is_as_its_published_schema_says(run: dict[str, Any]) -> None:
    jsonschema.validate(run, json.loads((ROOT / "docs" / "run.schema.json").read_text()))


def test_every_request_is_recorded_exactly_once(run: dict[str, Any], folder: Path) -> None:
    for cell in run["cells"]:
        with np.load(folder / cell["samples"], allow_pickle=False) as arrays:
            assert len(arrays["status"]) == cell["measurements"][0]["upstream"]["hits"]["weather"]
            assert set(arrays["status"].tolist()) == {200}
            scheduled_s, sent_s, done_s = (arrays[name] for name in ("scheduled_s", "sent_s", "done_s"))
        assert (scheduled_s <= sent_s).all()
        assert (sent_s < done_s).all()
        inside = (scheduled_s >= cell["window"]["start_s"]) & (scheduled_s < cell["window"]["end_s"])
        assert cell["measurements"][0]["requests"]["ok"] == inside.sum() > 0
        assert cell["measurements"][0]["latency_s"]["p50"] >= 0.1  # the upstream's own delay
        # The load goes on while the harness looks at the server. A user who is free before the timer of that end may
        # ask once more; in the drain nobody does.
        assert scheduled_s.max() < cell["window"]["end_s"] + LOOK_S + 0.1


def test_users_start_spread_over_the_warm_up_and_all_have_an_answer_before_the_window(
    run: dict[str, Any], folder: Path
) -> None:
    for cell in run["cells"]:
        window = cell["window"]
        assert window["start_s"] - window["warmup_s"] == pytest.approx(0.8)
        assert window["end_s"] - window["start_s"] >= 1 - 1e-6
        with np.load(folder / cell["samples"], allow_pickle=False) as arrays:
            first = np.sort(arrays["scheduled_s"])[: cell["load"]["users"]]
        gaps_s = np.diff(first)
        assert (gaps_s > 0).all()
        assert window["warmup_s"] <= first[0] < first[-1] < window["start_s"]


def test_memory_and_cpu_are_those_of_a_server_that_works(run: dict[str, Any]) -> None:
    for cell in run["cells"]:
        memory, cpu = cell["measurements"][0]["memory"], cell["measurements"][0]["cpu"]
        for kind in ("idle", "median", "peak"):
            assert 5e6 < memory[kind]["uss_bytes"] <= memory[kind]["rss_bytes"] < 500e6
        assert memory["median"]["rss_bytes"] <= memory["peak"]["rss_bytes"]
        if run["machine"]["has_pss"]:
            assert memory["peak"]["uss_bytes"] <= memory["peak"]["pss_bytes"] <= memory["peak"]["rss_bytes"]
        assert 1e-5 < cpu["server_s_per_request"] < 0.1
        assert 0 < cpu["server_cores"] < 1.2
        assert 0 < cpu["generator_cores"] < 1.2
        assert 0 < cpu["upstream_cores"] < 1.2
        assert cpu["server_threads"] >= 1


def test_the_report_of_the_run_shows_both_stacks(done: Done, run: dict[str, Any], folder: Path) -> None:
    assert len(run["cells"]) == len(STACKS)
    assert all(stack in done.out for stack in STACKS)
    assert (folder / "report.md").is_file()
    assert len(list((folder / "charts").glob("*.svg"))) > 3
