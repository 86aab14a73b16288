"""The probe: how fast a core is."""

import os

import pytest

from bench.run.cell import probe
from bench.run.host.cpus import cpu_sets


def test_the_result_is_the_best_of_the_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter((0.009, 0.005, 0.007))
    monkeypatch.setattr(probe, "_work_s", lambda: next(took))
    assert probe.probe_s(()) == 0.005


def test_it_runs_on_the_first_of_the_cores_and_unpins_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = cpu_sets(1).server
    if not cores:
        pytest.skip("nothing can be pinned here")
    before, seen = os.sched_getaffinity(0), []

    def work_s() -> float:
        seen.append(os.sched_getaffinity(0))
        return 0.001

    monkeypatch.setattr(probe, "_work_s", work_s)
    probe.probe_s(cores)
    assert seen == [{cores[0]}] * probe.TRIES
    assert os.sched_getaffinity(0) == before


def test_more_work_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    short_s = probe.probe_s(())
    monkeypatch.setattr(probe, "STEPS", 10 * probe.STEPS)
    assert probe.probe_s(()) > 3 * short_s > 0
