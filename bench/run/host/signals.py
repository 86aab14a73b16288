"""Ctrl-C, SIGTERM and a closed terminal become a request that the main thread notices whenever it waits.

A signal never interrupts a step, so cleaning up always completes, however often the keys are pressed.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

POLL_S = 0.05


class Interrupted(Exception):  # noqa: N818 (not an error: somebody asked for it)
    """A signal asked the harness to stop. `exit_code` is what a shell expects: 128 + the signal's number."""

    def __init__(self, signum: int, where: str = "") -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}" + (f": {where}" if where else ""))
        self.signum = signum
        self.exit_code = 128 + signum


class StopRequest:
    """Whether a signal came. Every wait of the harness goes through `sleep` or calls `check`."""

    def __init__(self) -> None:
        self.signum: int | None = None

    def check(self) -> None:
        """Raise Interrupted if a signal came."""
        if self.signum is not None:
            raise Interrupted(self.signum)

    def sleep(self, seconds: float = POLL_S) -> None:
        """Wait; raise Interrupted as soon as a signal comes."""
        end_s = time.monotonic() + seconds
        self.check()
        while (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(left_s, POLL_S))
            self.check()


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """A request that SIGINT, SIGTERM and SIGHUP set while the context lasts; then the former handlers are back."""
    request = StopRequest()

    def note(signum: int, _frame: FrameType | None) -> None:
        request.signum = request.signum or signum

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup a closed terminal is no reason to stop
        wanted.append(signal.SIGHUP)
    former = {number: signal.signal(number, note) for number in wanted}
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
