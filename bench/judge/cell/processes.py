"""What happened to a server's processes in a window: workers that were replaced, processes that left the tree."""

from dataclasses import dataclass

from bench.judge.cell.figures import READING_LATE_S, reading_of, readings_in
from bench.model.cell import Window
from bench.model.samples import Samples


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many workers were replaced, at least: one that lives shorter than a second may go unseen.

    `start_s`: CPU seconds that their starts took.
    """

    workers: int
    start_s: float


def workers_replaced(samples: Samples, window: Window) -> Replaced:
    """The workers of the first server that were replaced in the window; 0 where it was not recorded."""
    inside = readings_in(samples, window)
    counted = samples.workers_replaced[inside]
    if len(counted) == 0 or counted[-1] <= counted[0]:
        return Replaced(0, 0.0)
    workers = int(counted[-1] - counted[0])
    return Replaced(workers, workers * float(samples.worker_start_s[inside][-1]))


def adopted(samples: Samples, window: Window) -> int:
    """How many processes of the first server the harness had adopted by the end of the window; 0 if not recorded."""
    before = reading_of(samples, samples.roles[0]) & (samples.t_s <= window.end_s + READING_LATE_S)
    return max(int(samples.adopted[before].max(initial=0)), 0)
