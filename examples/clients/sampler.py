"""A clock of this process's own CPU time that asks at each tick which function runs."""

import signal
from collections import Counter
from collections.abc import Iterator
from types import FrameType

from examples.clients.profiles import Place, Spent, place

INTERVAL_S = 0.001
"""Of CPU time; most kernels tick more slowly, every 4 ms."""


class Sampler:
    """Samples taken between `start` and `stop`. For the main thread of a process that is there to be profiled.

    A process that waits takes none. Python looks for signals between instructions: what it calls that is no Python
    counts for the function that called it, and one as short as a comparison may count for its caller.
    """

    def __init__(self) -> None:
        self._places: Counter[Place] = Counter()

    def start(self) -> None:
        """Take samples from now on."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)

    def stop(self) -> None:
        """Take no more. The handler stays: a signal that is on its way would otherwise end the process."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    @property
    def spent(self) -> tuple[Spent, ...]:
        """What was seen, the most frequent place first."""
        return tuple(Spent(where, samples) for where, samples in self._places.most_common())

    def _sample(self, _signum: int, frame: FrameType | None) -> None:
        self._places[place(_stack(frame))] += 1


def _stack(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and qualified name of each function under way, the innermost first."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_qualname
        frame = frame.f_back
