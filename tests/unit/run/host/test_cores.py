import os
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from bench.run.host import cores
from bench.run.host.cores import CoreTimes, core_times, process_times

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux accounts cores and processes so")

TWO = [
    SimpleNamespace(steal=1.0, idle=10.0, iowait=0.5, irq=0.25, softirq=0.125),
    SimpleNamespace(steal=2.0, idle=20.0, iowait=0.0, irq=0.0, softirq=0.0),
]


@pytest.mark.parametrize(
    ("cpus", "apart", "times"),
    [
        ((0,), False, CoreTimes(1.0, 10.5)),
        ((0,), True, CoreTimes(1.0, 10.875)),
        ((1,), False, CoreTimes(2.0, 20.0)),
        ((), False, CoreTimes(3.0, 30.5)),
    ],
)
def test_the_times_are_those_of_the_named_cores_and_of_all_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, cpus: tuple[int, ...], apart: bool, times: CoreTimes
) -> None:
    monkeypatch.setattr(psutil, "cpu_times", lambda **_: TWO)
    monkeypatch.setattr(cores, "_interrupts_apart", lambda: apart)
    assert core_times(cpus) == times


@pytest.mark.usefixtures("elsewhere")
def test_other_platforms_account_no_times() -> None:
    assert core_times((0,)) is None
    assert process_times() == {}


def test_every_process_is_seen_with_its_name_its_cpu_and_its_core() -> None:
    before = process_times()[os.getpid()]
    end_s = time.thread_time() + 0.02
    while time.thread_time() < end_s:
        pass
    after = process_times()[os.getpid()]
    assert after.name == before.name != ""
    assert after.cpu_s - before.cpu_s >= 0.02
    assert 0 <= after.core < (os.cpu_count() or 1)
