"""Servers and disturbances whose truth is known: what the harness says of them must be that truth, or void."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.judge.cell.figures import distribution, scheduled_in
from bench.model.cell import Distribution
from bench.model.config import Closed, Open
from bench.model.samples import Floats
from bench.record.store import load_run, load_samples
from bench.run.host.cpus import cpu_sets, pinned

from .conftest import ROOT, Config
from .harness import Harness, until
from .known import Known, bottleneck_of, known, voided

OMISSION = ROOT / "examples" / "omission"
LOGNORMAL = Path(__file__).with_name("lognormal_server.py")

SERVICE_S = 0.02
"""Of the freezing server, while it is not frozen."""

FROZEN = re.compile(r"^frozen from ([\d.]+) to ([\d.]+)$", re.MULTILINE)

ELSEWHERE = {"upstream", "not known"}


def logged(folder: Path) -> str:
    """What the one server of a run told."""
    (log,) = (folder / "logs").glob("*.server.log")
    return log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def frozen(shared_harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the example, with a shorter window around the freeze."""
    folder = tmp_path_factory.mktemp("truths")
    shutil.copytree(OMISSION, folder / "omission", ignore=shutil.ignore_patterns("__pycache__"))
    done = shared_harness.run(
        "run", "--config", folder / "omission" / "omission.toml", "--profile", "omission", "--out", folder / "run",
        "--warmup", "1", "--window", "6",
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "run"


@pytest.mark.live
def test_each_load_meets_one_freeze_inside_its_window(frozen: Path) -> None:
    freezes = FROZEN.findall(logged(frozen))
    cells = load_run(frozen).cells
    assert len(freezes) == len(cells) == 2
    for cell, (begun_s, ended_s) in zip(sorted(cells, key=lambda cell: cell.order), freezes, strict=True):
        assert cell.window is not None
        assert cell.window.start_s < float(begun_s) < float(ended_s) < cell.window.end_s
        assert float(ended_s) - float(begun_s) == pytest.approx(1.0, abs=0.1)


@pytest.mark.live
def test_an_open_load_tells_what_everybody_waited_who_came_while_the_server_was_frozen(frozen: Path) -> None:
    (cell,) = [cell for cell in load_run(frozen).cells if isinstance(cell.load, Open)]
    samples = load_samples(frozen, cell)
    assert cell.window is not None
    assert cell.measurement.latency_s is not None
    counted = scheduled_in(samples, cell.window)
    scheduled_s = samples.scheduled_s[counted]
    done_s = scheduled_s + SERVICE_S
    for begun_s, ended_s in ((float(begun), float(ended)) for begun, ended in FROZEN.findall(logged(frozen))):
        asleep = (done_s > begun_s) & (scheduled_s <= begun_s)
        unread = (scheduled_s > begun_s) & (scheduled_s < ended_s)
        done_s = np.where(asleep, ended_s, np.where(unread, ended_s + SERVICE_S, done_s))
    truth = distribution(done_s - scheduled_s)
    assert truth is not None
    found = cell.measurement.latency_s
    print(f"P95 {found.p95:.4f} s, computed {truth.p95:.4f} s; P99 {found.p99:.4f}, {truth.p99:.4f}")
    assert len(scheduled_s) == pytest.approx(120, abs=1)
    assert 0.6 < truth.p95 < 0.75
    assert cell.measurement.latency_s.p95 == pytest.approx(truth.p95, rel=0.05)
    assert cell.measurement.latency_s.p99 == pytest.approx(truth.p99, rel=0.05)


@pytest.mark.live
def test_a_closed_load_loses_one_request_to_the_same_freeze_and_its_p95_does_not_see_it(frozen: Path) -> None:
    cells = load_run(frozen).cells
    (closed,) = [cell.measurement.latency_s for cell in cells if isinstance(cell.load, Closed)]
    (opened,) = [cell.measurement.latency_s for cell in cells if isinstance(cell.load, Open)]
    assert closed is not None
    assert opened is not None
    print(f"P95 {closed.p95:.4f} s closed, {opened.p95:.4f} s open")
    assert closed.max > 0.9
    assert 10 * closed.p95 <= opened.p95


PERCENTILES = ("p50", "p95", "p99")
TRIES = 3
"""Programs beside the tests shift percentiles by milliseconds; a harness that is wrong is wrong every time."""


def deviations(name: str, seen: Distribution | None, truth_s: Floats) -> list[str]:
    """Each percentile that is off by more than 1 % and 1 ms."""
    truth = distribution(truth_s)
    assert seen is not None
    assert truth is not None
    found = []
    for one in PERCENTILES:
        told_s, true_s = getattr(seen, one), getattr(truth, one)
        line = f"{name} {one}: {told_s:.5f} s, truly {true_s:.5f} s"
        print(line)
        if abs(told_s - true_s) > max(0.001, 0.01 * true_s):
            found.append(line)
    return found


def measured_and_logged(harness: Harness, config: Path, folder: Path) -> list[str]:
    """How a run's percentiles deviate from what the server itself logged of the same requests."""
    done = harness.run(
        "run", "--config", config, "--profile", "tiny", "--rate", "250", "--arrivals", "poisson", "--warmup", "1",
        "--window", "8", "--out", folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    (cell,) = load_run(folder).cells
    samples = load_samples(folder, cell)
    assert cell.window is not None
    told = sorted((int(line.split()[0]), *map(float, line.split()[1:])) for line in logged(folder).splitlines())
    numbers, came_s, left_s = np.array(told).T
    assert sorted(samples.bytes) == numbers.tolist() == list(range(1, len(told) + 1))
    came_s, left_s = came_s[samples.bytes - 1], left_s[samples.bytes - 1]
    counted = scheduled_in(samples, cell.window)
    assert counted.sum() > 1500
    assert np.median(left_s - came_s) == pytest.approx(0.05, rel=0.1)
    return [
        *deviations("service time", cell.measurement.service_s, (left_s - came_s)[counted]),
        *deviations("latency", cell.measurement.latency_s, (left_s - samples.scheduled_s)[counted]),
    ]


@pytest.mark.live
@pytest.mark.slow
def test_percentiles_are_those_that_the_server_itself_logged(harness: Harness, config: Config, tmp_path: Path) -> None:
    mine = config("known", changed={"known": {"argv": f'["python", "{LOGNORMAL}", "{{port}}"]'}})
    mine.write_text(
        mine.read_text().replace(
            'requests = [{ path = "/look", expect = { text = "hello" } }]', 'path = "/look"\nhold_s = 0.0567'
        )
    )
    found = ["never tried"]
    for number in range(TRIES):
        found = measured_and_logged(harness, mine, tmp_path / str(number))
        if not found:
            break
    assert found == []


BUSY_LOOP = "import time\nend_s = time.monotonic() + 10\nwhile time.monotonic() < end_s: pass"


@contextmanager
def busy_loops(count: int, cpus: Sequence[int]) -> Iterator[None]:
    """So many processes that compete for these cores.

    Each in a session of its own, as the generator is: Linux may share out a core between sessions, not processes.
    """
    with pinned(cpus):
        argv = (sys.executable, "-c", BUSY_LOOP)
        loops = [subprocess.Popen(argv, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def program(harness: Harness, name: str) -> psutil.Process:
    """The `python -m NAME` among all that the harness has started."""
    for process in harness.left():
        with suppress(psutil.Error):
            if process.cmdline()[1:3] == ["-m", name]:
                return process
    raise AssertionError(f"{name} is not running")


def stutter(process: psutil.Process, while_running: "subprocess.Popen[str]") -> None:
    """Hold the process up for 60 of every 150 ms, until it or the other ends."""
    with suppress(psutil.NoSuchProcess):
        try:
            while process.is_running() and while_running.poll() is None:
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.06)
                process.send_signal(signal.SIGCONT)
                time.sleep(0.09)
        finally:
            process.send_signal(signal.SIGCONT)


def hold_the_upstream_up(harness: Harness, run: "subprocess.Popen[str]", folder: Path) -> None:
    """From the start of the load on, again and again."""
    until(lambda: any((folder / "logs").glob("*.load.log")), "the load")
    stutter(program(harness, "upstream"), run)


def take_the_generators_core(_harness: Harness, _run: "subprocess.Popen[str]", folder: Path) -> None:
    """For 2.5 s, once the load has begun."""
    if not cpu_sets(1).load:
        pytest.skip("no core can be set apart here, so none can be taken away")
    until(lambda: any("first" in log.read_text() for log in (folder / "logs").glob("*.server.log")), "a request")
    with busy_loops(20, cpu_sets(1).generator):
        time.sleep(2.5)


held_up = known("held_up", "--profile", "limits", "--stacks", "flask-gthread", "--scenarios", "weather",
                "--users", "10", during=hold_the_upstream_up)  # fmt: skip
starved = known("starved", "--profile", "faults", "--scenarios", "good", "--rate", "300", "--window", "2",
                during=take_the_generators_core, slow=False)  # fmt: skip


def test_an_upstream_that_is_held_up_never_passes_for_a_slow_service(held_up: Known) -> None:
    cell = held_up.find("flask-gthread", "weather", "10 users", lambda cell: bottleneck_of(cell).limit in ELSEWHERE)
    assert "upstream late" in voided(cell, "latency")
    assert bottleneck_of(cell).limit in ELSEWHERE


def test_a_generator_that_others_keep_from_its_core_never_passes_for_a_slow_server(starved: Known) -> None:
    cell = starved.find("faulty", "good", "300/s", lambda _: True)
    assert voided(cell, "latency") & {"generator late", "generator stalled", "load side saturated", "arrivals not sent"}
