import itertools
import math
import threading
import time
from dataclasses import replace

import psutil
import pytest

from bench.errors import BenchError
from bench.run.cell import sampler
from bench.run.cell.sampler import COST_SHARE, RESIDENT_SHARE, Sampler
from bench.run.host.cores import ProcessTime
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import Use
from bench.run.testbed.readings import Reading, Resident

NO_CPUS = CpuSets((), ())
IDLE = Reading(0.0, {"server": Use(1.0, 0.5)}, 0.0, None, None)


@pytest.fixture
def readings_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the sampler read: `read` is replaced by one that takes no time."""
    times: list[float] = []

    def quick(*_: object, **__: object) -> Reading:
        times.append(time.monotonic())
        return replace(IDLE, t_s=times[-1])

    monkeypatch.setattr(sampler, "read", quick)
    return times


def wait_for(readings_s: list[float], count: int) -> None:
    """Return once at least so many readings were taken."""
    end_s, nobody = time.monotonic() + 5.0, threading.Event()
    while len(readings_s) < count:
        assert time.monotonic() < end_s
        nobody.wait(0.001)


def test_a_reading_is_taken_on_entering_at_each_named_moment_and_on_leaving(readings_s: list[float]) -> None:
    with Sampler({}, {}, NO_CPUS, IDLE) as taken:
        moments_s = [time.monotonic() + 0.05, time.monotonic() + 0.02]
        for moment_s in moments_s:
            taken.read_at(moment_s)
        wait_for(readings_s, 3)
    assert len(taken.readings) == 1 + len(readings_s) == 5
    assert taken.readings[0] is IDLE
    for moment_s in moments_s:
        assert any(moment_s <= at_s < moment_s + 0.04 for at_s in readings_s)


def test_an_error_while_sampling_is_raised_on_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Reading:
        raise psutil.AccessDenied(7)

    monkeypatch.setattr(sampler, "read", broken)
    with pytest.raises(BenchError, match="the sampler failed: AccessDenied"), Sampler({}, {}, NO_CPUS, IDLE):
        pass


def test_with_an_endless_interval_it_reads_only_on_entering_when_asked_and_on_leaving(
    readings_s: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "INTERVAL_S", 0.005)  # which must not matter
    nobody = threading.Event()
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=math.inf) as taken:
        for count in (1, 2, 3):
            wait_for(readings_s, count)
            nobody.wait(0.03)
            assert len(readings_s) == count
            if count < 3:
                taken.read_at(0.0)
    assert len(readings_s) == 4
    assert [reading.t_s for reading in taken.readings] == [IDLE.t_s, *readings_s]


def test_readings_are_an_interval_apart(readings_s: list[float]) -> None:
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=0.03):
        wait_for(readings_s, 4)
    assert all(after_s - before_s >= 0.03 for before_s, after_s in itertools.pairwise(readings_s[:4]))


def test_a_reading_that_costs_much_is_taken_less_often(
    readings_s: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    cost_s = iter(itertools.cycle((0.0, 0.05 * COST_SHARE)))
    monkeypatch.setattr("bench.run.cell.sampler.time.thread_time", lambda: next(cost_s))
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=0.001):
        wait_for(readings_s, 3)
    assert all(after_s - before_s >= 0.05 for before_s, after_s in itertools.pairwise(readings_s[:3]))


@pytest.fixture
def resident_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the sampler read RSS alone."""
    times: list[float] = []

    def quick(_: object) -> Resident:
        times.append(time.monotonic())
        return Resident(times[-1], {})

    monkeypatch.setattr(sampler, "read_resident", quick)
    return times


def test_rss_alone_is_read_ten_times_in_four_intervals_of_all_else(
    readings_s: list[float], resident_s: list[float]
) -> None:
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=0.05) as taken:
        wait_for(resident_s, 10)
        begun_s, ended_s = resident_s[0], resident_s[9]
    assert ended_s - begun_s >= 7 * 0.05 * RESIDENT_SHARE
    assert 1 <= len([t_s for t_s in readings_s if begun_s <= t_s <= ended_s]) <= 5
    assert [one.t_s for one in taken.residents] == resident_s


def test_a_reading_of_all_that_is_due_is_not_lost_to_one_of_rss_that_is_due_too(
    readings_s: list[float], resident_s: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "RESIDENT_SHARE", 0.0)  # always due
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=60.0) as taken:
        wait_for(resident_s, 2)
        taken.read_at(time.monotonic())
        wait_for(readings_s, 2)
    assert len(readings_s) == 3  # on entering, when asked and on leaving


def test_with_an_endless_interval_rss_is_not_read_between(readings_s: list[float], resident_s: list[float]) -> None:
    with Sampler({}, {}, NO_CPUS, IDLE, interval_s=math.inf) as taken:
        wait_for(readings_s, 1)
        taken.read_at(0.0)
        wait_for(readings_s, 2)
    assert resident_s == []


def test_listing_what_runs_beside_delays_no_reading(readings_s: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> dict[int, ProcessTime]:
        end_s = time.thread_time() + 0.02  # of which a reading would make the next one wait for 5 s
        while time.thread_time() < end_s:
            pass
        return {7: ProcessTime("make", 1.0, 0)}

    monkeypatch.setattr(sampler, "processes_beside", slow)
    with Sampler({}, {}, NO_CPUS, IDLE, 0.05, others=True) as taking:
        taking.read_at(0.0)
        begun_s = time.monotonic()
        wait_for(readings_s, 4)
        assert time.monotonic() - begun_s < 2.0
    assert taking.beside == [{7: ProcessTime("make", 1.0, 0)}]
