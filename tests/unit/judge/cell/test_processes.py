import numpy as np
import pytest

from bench.judge.cell.processes import Replaced, adopted, workers_replaced
from bench.model.cell import Window
from bench.model.samples import Samples
from tests.unit.builders import readings_of

WINDOW = Window(warmup_s=8.0, start_s=10.0, end_s=12.0)
T_S = np.array([1.0, 9.0, 10.01, 11.0, 12.01, 13.0])


def readings(**columns: list[float]) -> Samples:
    """A server with these columns, beside a generator of which they were not read."""
    return Samples(**readings_of(T_S, {name: np.array(values) for name, values in columns.items()}, {"generator": 0.1}))


@pytest.mark.parametrize(
    ("counted", "found"),
    [
        ([0, 0, 0, 0, 0, 0], 0),
        ([0, 2, 2, 2, 2, 5], 0),
        ([0, 2, 2, 3, 5, 9], 3),
        ([-1, -1, -1, -1, -1, -1], 0),
    ],
)
def test_workers_count_as_replaced_from_the_reading_at_the_begin_of_the_window_to_that_at_its_end(
    counted: list[float], found: int
) -> None:
    samples = readings(workers_replaced=counted, worker_start_s=[0.25] * 6)
    assert workers_replaced(samples, WINDOW) == Replaced(found, found * 0.25)


@pytest.mark.parametrize(
    ("counted", "found"), [([0, 0, 0, 0, 0, 0], 0), ([1, 1, 1, 1, 1, 1], 1), ([0, 1, 1, 1, 4, 7], 4), ([-1] * 6, 0)]
)
def test_adopted_processes_are_all_up_to_the_end_of_the_window(counted: list[float], found: int) -> None:
    assert adopted(readings(adopted=counted), WINDOW) == found
