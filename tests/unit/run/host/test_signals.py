import os
import signal
from collections.abc import Iterator

import pytest

from bench.run.host import signals
from bench.run.host.signals import Interrupted, StopRequest, stop_on_signals

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """No signal is ignored. A shell ignores SIGINT in what it starts in the background, and nohup ignores SIGHUP."""
    before = [signal.signal(number, signal.SIG_DFL) for number in NUMBERS]
    yield
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_noticed_at_the_next_check_and_not_before(number: int) -> None:
    with stop_on_signals() as stop:
        stop.check()
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as caught:
            stop.check()
    assert caught.value.exit_code == 128 + number
    assert signal.Signals(number).name in str(caught.value)


def test_the_first_of_several_signals_counts() -> None:
    with stop_on_signals() as stop:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match="SIGTERM"):
            stop.sleep(60)


def test_the_former_handlers_are_restored_afterwards() -> None:
    before = [signal.getsignal(number) for number in NUMBERS]
    with stop_on_signals():
        assert all(signal.getsignal(number) != former for number, former in zip(NUMBERS, before, strict=True))
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_under_nohup_a_closed_terminal_does_not_stop_the_run() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            stop.check()
    finally:
        signal.signal(signal.SIGHUP, former)


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def test_a_long_sleep_is_made_of_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(signals, "time", clock)
    StopRequest().sleep(1.0)
    assert clock.now_s == pytest.approx(1.0)
    assert max(clock.slept) <= signals.POLL_S
