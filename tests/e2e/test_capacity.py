"""Searches of servers whose capacity is known."""

import heapq
from pathlib import Path

import numpy as np
import pytest

from bench.judge.cell.figures import percentile
from bench.model.search import Search
from bench.record.store import load_run, load_samples

from .harness import Harness

pytestmark = [pytest.mark.slow, pytest.mark.live]

APPS = Path(__file__).with_name("apps")
THREADS, HOLD_S = 4, 0.05
CONFIG = f"""
[stacks.four]
argv = ["gunicorn", "--bind", "{{host}}:{{port}}", "--threads", "{{threads}}", "--keep-alive", "75", "holding:app"]
threads = {THREADS}
ready_path = "/ready"
cwd = "{APPS}"

[stacks.forty]
argv = ["gunicorn", "--bind", "{{host}}:{{port}}", "--threads", "{{threads}}", "--keep-alive", "75", "holding:app"]
threads = 40
ready_path = "/ready"
cwd = "{APPS}"

[scenarios.hold]
path = "/{HOLD_S}"
hold_s = {HOLD_S}

[scenarios.never]
path = "/0.3"

[scenarios.busy]
path = "/busy"
hold_s = {HOLD_S}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("capacity") / "holding.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def searched(harness: Harness, config: Path, out: Path, stack: str, scenario: str, *words: str) -> Search:
    """What one search found."""
    done = harness.run(
        "capacity", "--config", config, "--stacks", stack, "--scenarios", scenario, "--rounds", "1", "--out", out,
        "--slo", "p95:100ms", *words,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert harness.left() == []
    (found,) = load_run(out).searches
    return found


def test_four_threads_that_take_50_ms_carry_80_a_second_that_come_evenly(
    shared_harness: Harness, config: Path, tmp_path: Path
) -> None:
    found = searched(shared_harness, config, tmp_path / "run", "four", "hold", "--arrivals", "fixed")
    assert found.ending == "found"
    assert found.rate_rps is not None
    took_s = min(step.latency_s.mean for step in found.steps if step.latency_s is not None)
    assert found.rate_rps == pytest.approx(THREADS / took_s, rel=0.03)
    assert took_s == pytest.approx(HOLD_S, rel=0.1)


def test_a_server_that_never_meets_the_objective_carries_nothing(
    shared_harness: Harness, config: Path, tmp_path: Path
) -> None:
    found = searched(shared_harness, config, tmp_path / "run", "four", "never", "--arrivals", "fixed")
    assert (found.ending, found.rate_rps) == ("never", 0.0)
    assert "even at 1/s, the lowest rate that is tried" in found.why


def test_failures_end_it_where_every_answer_is_fast(shared_harness: Harness, config: Path, tmp_path: Path) -> None:
    """Forty threads, and room for 8 requests at a time: all others get a 503 at once."""
    found = searched(shared_harness, config, tmp_path / "run", "forty", "busy", "--arrivals", "fixed")
    assert found.ending == "found"
    assert found.rate_rps is not None
    assert found.rate_rps == pytest.approx(8 / HOLD_S, rel=0.06)
    beyond = [step for step in found.steps if step.rate_rps > 1.1 * found.rate_rps]
    assert beyond
    assert all(step.requests.errors for step in beyond)


def test_every_p95_follows_from_the_recorded_arrivals(shared_harness: Harness, config: Path, tmp_path: Path) -> None:
    """Kiefer and Wolfowitz's recursion for four slots, from the recorded arrivals and the median service time."""
    found = searched(shared_harness, config, tmp_path / "run", "four", "hold")
    assert found.ending == "found"
    samples = load_samples(tmp_path / "run", found)
    told = 0
    for step in found.steps:
        own = samples.slice == step.number
        order = np.argsort(samples.scheduled_s[own])
        scheduled_s, done_s = samples.scheduled_s[own][order], samples.done_s[own][order]
        freed_s = np.concatenate([np.zeros(THREADS), np.sort(done_s)[:-THREADS]])  # when there was a slot for each
        took_s = float(np.median(np.sort(done_s) - np.maximum(scheduled_s, freed_s)))
        free = [0.0] * THREADS
        ended = []
        for at_s in scheduled_s:
            end_s = max(heapq.heappop(free), at_s) + took_s
            heapq.heappush(free, end_s)
            ended.append(end_s - at_s)
        counted = scheduled_s >= step.start_s
        expected_s = percentile(np.sort(np.array(ended)[counted]), 0.95)
        seen_s = percentile(np.sort((done_s - scheduled_s)[counted]), 0.95)
        assert seen_s == pytest.approx(expected_s, rel=0.03, abs=0.002), step
        told += 1
    assert told >= 5
