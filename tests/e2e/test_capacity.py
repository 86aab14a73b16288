"""Searches of servers whose capacity is known."""

import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.judge.cell.figures import percentile
from bench.model.samples import Samples
from bench.model.search import Search
from bench.record.store import load_run, load_samples

from .harness import UNREPORTED, Harness

pytestmark = [pytest.mark.slow, pytest.mark.live]

APPS = Path(__file__).with_name("apps")
RESTLESS = f"{UNREPORTED} from bench.run.cell import search; search.REST_S = 0.0;"
"""These servers need no rest after an overload, and a search alone would wait for it each time."""

THREADS, HOLD_S = 4, 0.05
STACKS = "".join(
    f"""
[stacks.{name}]
argv = [
    "gunicorn", "--bind", "{{host}}:{{port}}", "--worker-class", "gthread", "--threads", "{{threads}}",
    "--keep-alive", "75", "holding:app",
]
threads = {threads}
env = {{HOLDS = "HOLDS"}}
ready_path = "/ready"
cwd = "{APPS}"
"""
    for name, threads in {"one": 1, "four": THREADS, "forty": 40, "hundred": 100}.items()
)
CONFIG = f"""
{STACKS}
[scenarios.hold]
path = "/{HOLD_S}"
hold_s = {HOLD_S}

[scenarios.random]
path = "/random/{HOLD_S}"
hold_s = {HOLD_S}

[scenarios.short]
path = "/0.02"
hold_s = 0.02

[scenarios.fragile]
path = "/fragile"
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
    path.write_text(CONFIG.replace('"HOLDS"', f'"{path.with_name("holds")}"'), encoding="utf-8")
    return path


def searched(harness: Harness, config: Path, out: Path, stack: str, scenario: str, *words: str) -> Search:
    """What one search found."""
    config.with_name("holds").unlink(missing_ok=True)
    done = harness.run(
        "capacity", "--config", config, "--stacks", stack, "--scenarios", scenario, "--rounds", "1", "--out", out,
        "--slo", "p95:100ms", *words, changed=RESTLESS,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert harness.left() == []
    (found,) = load_run(out).searches
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """The requests of a search in the order of their arrival, and when the app began and ended to hold each.

    order: their places among the samples; sent_s: the mean from the arrival to the begin of those that found a free
    server; taken_s: of those that had to wait, the mean from the end of another one to the begin.
    """

    order: NDArray[np.int64]
    began_s: NDArray[np.float64]
    ended_s: NDArray[np.float64]
    sent_s: float
    taken_s: float


def recorded(config: Path, samples: Samples, servers: int) -> Held:
    """What the app wrote down during the last search."""
    order = np.argsort(samples.scheduled_s)
    scheduled_s = samples.scheduled_s[order]
    lines = config.with_name("holds").read_text().splitlines()
    began_s, ended_s = np.array(sorted([float(one) for one in line.split()] for line in lines)).T
    assert len(began_s) == len(scheduled_s)
    freed_s = np.concatenate([np.zeros(servers), np.sort(ended_s)[:-servers]])  # when there was a server for each
    queued = freed_s > scheduled_s
    after_s = began_s - np.maximum(scheduled_s, freed_s)
    return Held(order, began_s, ended_s, float(after_s[~queued].mean()), float(after_s[queued].mean()))


def test_four_threads_that_take_50_ms_carry_80_a_second_that_come_evenly(
    shared_harness: Harness, config: Path, tmp_path: Path
) -> None:
    """A thread is taken by a request while the app holds it, and until the next one of the queue begins.

    A latency is longer than that: on a busy machine by 2 ms of 50.
    """
    found = searched(shared_harness, config, tmp_path / "run", "four", "hold", "--arrivals", "fixed")
    assert found.ending == "found"
    assert found.rate_rps is not None
    held = recorded(config, load_samples(tmp_path / "run", found), THREADS)
    took_s = float((held.ended_s - held.began_s).mean()) + held.taken_s
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


@pytest.mark.parametrize(
    ("stack", "servers", "scenario", "slo"),
    [("one", 1, "short", "p95:100ms"), ("four", THREADS, "random", "p95:250ms")],
)
def test_every_p95_follows_from_the_recorded_arrivals_and_service_times(
    stack: str, servers: int, scenario: str, slo: str, shared_harness: Harness, config: Path, tmp_path: Path
) -> None:
    """M/D/1 by Lindley's recursion and M/M/c by that of Kiefer and Wolfowitz, which is the same for one server.

    The app tells when it began and ended to hold each request. Beside that only two means are taken from what was seen:
    from the arrival to the begin, and where a request had to wait, from the end of another one to it.
    """
    found = searched(shared_harness, config, tmp_path / "run", stack, scenario, "--slo", slo)
    samples = load_samples(tmp_path / "run", found)
    held = recorded(config, samples, servers)
    scheduled_s, done_s = samples.scheduled_s[held.order], samples.done_s[held.order]
    free = [0.0] * servers
    ended = []
    for at_s, took_s in zip(scheduled_s, held.ended_s - held.began_s, strict=True):
        free_s = heapq.heappop(free)
        end_s = (free_s + held.taken_s if free_s > at_s else at_s + held.sent_s) + took_s
        heapq.heappush(free, end_s)
        ended.append(end_s - at_s)
    assert len(found.steps) >= 8
    for step in found.steps:
        counted = (samples.slice[held.order] == step.number) & (scheduled_s >= step.start_s)
        expected_s = percentile(np.sort(np.array(ended)[counted]), 0.95)
        seen_s = percentile(np.sort((done_s - scheduled_s)[counted]), 0.95)
        assert seen_s == pytest.approx(expected_s, rel=0.03, abs=0.002), step


def test_a_server_that_an_overload_harms_is_started_anew(shared_harness: Harness, config: Path, tmp_path: Path) -> None:
    """It holds 20 requests for 50 ms each, and fails for good once there were 60 at a time."""
    found = searched(shared_harness, config, tmp_path / "run", "hundred", "fragile", "--arrivals", "fixed")
    assert found.ending == "found"
    assert found.rate_rps == pytest.approx(20 / HOLD_S, rel=0.06)
    checks = [step for step in found.steps if step.part == "check"]
    assert checks
    assert {step.verdict for step in checks} == {"held"}
