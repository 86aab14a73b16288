"""A CPU sampler: at each tick of this process's CPU clock it records which function runs."""

import signal
from collections import Counter
from collections.abc import Iterator
from types import FrameType

from examples.clients.profiles import Place, Spent, place

INTERVAL_S = 0.001
"""CPU time between two samples. Most kernels tick more slowly, every 4 ms."""


class Sampler:
    """Samples taken between `start` and `stop`, in the main thread of the profiled process.

    A waiting process takes no samples. Python handles signals between instructions, so time in C counts for the Python
    function that called it, and a very short function may count for its caller.
    """

    def __init__(self) -> None:
        self._places: Counter[Place] = Counter()

    def start(self) -> None:
        """Start sampling."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)

    def stop(self) -> None:
        """Stop sampling. The handler stays: a pending signal would otherwise end the process."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    @property
    def spent(self) -> tuple[Spent, ...]:
        """The samples by place, the most frequent place first."""
        return tuple(Spent(where, samples) for where, samples in self._places.most_common())

    def _sample(self, _signum: int, frame: FrameType | None) -> None:
        self._places[place(_stack(frame))] += 1


def _stack(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and qualified name of each function on the stack, the innermost first."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_qualname
        frame = frame.f_back
