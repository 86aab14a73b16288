from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import figures
from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.timeline import MOST_BINS, Timeline, timeline
from bench.model.cell import Window
from bench.model.config import Closed
from bench.model.samples import Samples
from tests.unit import builders
from tests.unit.builders import FLASK, readings_of

WINDOW = Window(warmup_s=100.0, start_s=102.0, end_s=104.0)
TIMEOUT_S = 30.0


def cell(*rows: tuple[float, float, int], read: tuple[tuple[float, int], ...] = ()) -> Samples:
    """Samples of (scheduled, done, status), and readings of (when, PSS), with the load side read at the same time."""
    scheduled_s, done_s, status = (np.array([row[place] for row in rows]) for place in range(3))
    asked = Samples(scheduled_s=scheduled_s, sent_s=scheduled_s, done_s=done_s, status=status)
    if not read:
        return asked
    t_s, pss_bytes = (np.array(column) for column in zip(*read, strict=True))
    memory = {"pss_bytes": pss_bytes, "uss_bytes": pss_bytes - 2}
    return replace(asked, **readings_of(t_s, memory, {"generator": 0.5, "upstream": 0.1}))


def test_each_second_has_its_throughput_the_p95_of_the_requests_scheduled_in_it_and_its_memory() -> None:
    samples = cell(
        (100.0, 100.5, 200),
        (100.25, 101.0, 200),  # done as the next second begins, so it counts there
        (101.5, 103.25, 200),  # answered two seconds later, but its latency counts here
        (103.0, 103.5, TIMEOUT),
        (103.5, 104.5, 200),  # drained, so no answer of the window
        (104.0, 104.25, 200),
        read=((99.0, 5), (100.5, 10), (101.0, 20), (101.25, 30), (103.75, 40), (104.0625, 99)),
    )
    assert timeline(samples, WINDOW, TIMEOUT_S) == Timeline(
        start_s=(0.0, 1.0, 2.0, 3.0),
        throughput_rps=(1.0, 1.0, 0.0, 1.0),
        p95_s=(0.75, 1.75, None, TIMEOUT_S),
        failed_rps=(0.0, 0.0, 0.0, 1.0),
        cores=(0.0, 0.0, None, 0.0),
        memory_bytes=(10.0, 25.0, None, 40.0),
        window_start_s=2.0,
        window_end_s=4.0,
    )


def test_a_second_in_which_the_server_was_frozen_has_no_answer_and_a_long_latency() -> None:
    steady = [(100.0 + number / 8, 100.0 + (number + 1) / 8, 200) for number in range(32)]
    frozen = [(due_s, 103.0 if 101.0 <= due_s < 103.0 else done_s, 200) for due_s, done_s, _ in steady]
    found = timeline(cell(*frozen), WINDOW, TIMEOUT_S)
    # The request of 100.875 is answered at 101. The P95 of eight requests is the slowest of them.
    assert found.throughput_rps == (7.0, 1.0, 0.0, 16.0 + 7.0)
    assert found.p95_s == (0.125, 2.0, 1.0, 0.125)


def test_the_last_second_is_left_out_where_it_is_not_whole() -> None:
    found = timeline(cell((100.0, 100.5, 200)), replace(WINDOW, end_s=104.75), TIMEOUT_S)
    assert found.start_s == (0.0, 1.0, 2.0, 3.0)
    assert found.window_end_s == 4.75


def test_rounding_makes_no_second_incomplete() -> None:
    start_s = 12345.678 + 0.1
    short = Window(12345.678, start_s, start_s + 1.9)
    assert len(timeline(cell((12345.7, 12345.8, 200)), short, TIMEOUT_S).start_s) == 2
    ended = replace(short, end_s=short.warmup_s + 2 - 1e-9)
    assert len(timeline(cell((12345.7, 12345.8, 200)), ended, TIMEOUT_S).start_s) == 2


def test_a_load_of_less_than_a_second_has_no_bins() -> None:
    found = timeline(cell((100.0, 100.5, 200)), Window(100.0, 100.0, 100.9), TIMEOUT_S)
    assert replace(found, window_end_s=0.9) == Timeline((), (), (), (), (), (), 0.0, 0.9)


def test_a_cell_without_requests_or_readings_has_empty_bins() -> None:
    found = timeline(Samples(), WINDOW, TIMEOUT_S)
    assert found.throughput_rps == (0.0,) * 4
    assert found.failed_rps == (0.0,) * 4
    assert found.p95_s == found.cores == found.memory_bytes == (None,) * 4


def test_memory_is_uss_where_the_platform_has_no_pss() -> None:
    samples = cell((100.0, 100.5, 200), read=((100.5, 10), (101.5, 20)))
    found = timeline(replace(samples, pss_bytes=np.full_like(samples.pss_bytes, -1)), WINDOW, TIMEOUT_S)
    assert found.memory_bytes == (8.0, 18.0, None, None)


def test_a_dropped_arrival_counts_at_the_timeout_and_an_unsent_one_nowhere() -> None:
    samples = cell((100.5, 100.5, DROPPED), (101.5, 101.5, UNSENT), (102.5, 102.5, -503))
    found = timeline(samples, WINDOW, TIMEOUT_S)
    assert found.throughput_rps == (0.0,) * 4
    assert found.p95_s == (TIMEOUT_S, None, TIMEOUT_S, None)
    assert found.failed_rps == (1.0, 0.0, 1.0, 0.0)


def used(*read: tuple[float, float]) -> Samples:
    """Readings of (when, CPU seconds of the server so far), of which a quarter is the system's."""
    t_s, cpu_s = (np.array(column) for column in zip(*read, strict=True))
    own = {"cpu_user_s": 0.75 * cpu_s, "cpu_system_s": 0.25 * cpu_s}
    return replace(Samples(), **readings_of(t_s, own, {"generator": 9.0}))


def test_the_cores_in_use_are_those_of_the_server_between_the_ends_of_each_second() -> None:
    found = timeline(
        used((99.5, 7.0), (100.5, 8.0), (101.5, 8.5), (102.5, 8.5), (103.5, 10.5), (104.5, 10.5)), WINDOW, TIMEOUT_S
    )
    assert found.cores == (0.75, 0.25, 1.0, 1.0)


def test_cores_are_not_known_where_no_reading_lies_or_reaches_or_the_counter_fell() -> None:
    rare = timeline(used((99.5, 7.0), (102.5, 8.0), (103.5, 9.0)), WINDOW, TIMEOUT_S).cores
    assert [cores is None for cores in rare] == [True, True, False, True]
    assert rare[2] == pytest.approx(2 / 3)
    fell = timeline(used((99.5, 7.0), (100.5, 1.0), (101.5, 2.0), (104.5, 3.0)), WINDOW, TIMEOUT_S).cores
    assert fell[0] is None
    assert fell[1] == pytest.approx(2 / 3)


def test_each_figure_is_that_of_the_second_as_a_window() -> None:
    raw = builders.samples(FLASK, Closed(users=5), seed=3)
    status = np.where(np.arange(len(raw.status)) % 7 == 0, -503, raw.status)
    raw = replace(raw, status=status)
    found = timeline(raw, Window(100.0, 100.0, 101.0), TIMEOUT_S)
    second = Window(100.0, 100.0, 101.0)
    latency_s, asked = figures.latency_s(raw, second, TIMEOUT_S), figures.requests(raw, second)
    assert latency_s is not None
    assert found.throughput_rps == (figures.throughput_rps(raw, second),)
    assert found.p95_s == (latency_s.p95,)
    assert found.failed_rps == (asked.errors,)
    assert found.cores[0] == pytest.approx(figures.cpu(raw, second, builders.ONE_CORE).server_cores)


@given(st.integers(0, 1000))
def test_a_time_line_does_not_depend_on_the_order_of_the_requests(seed: int) -> None:
    raw = builders.samples(FLASK, Closed(users=5), seed=3)
    order = np.random.default_rng(seed).permutation(len(raw.status))
    names = ("scheduled_s", "sent_s", "done_s", "status")
    shuffled = replace(raw, **{name: getattr(raw, name)[order] for name in names})
    window = Window(100.0, 100.0, 102.0)
    assert timeline(shuffled, window, TIMEOUT_S) == timeline(raw, window, TIMEOUT_S)


@given(st.floats(0, 1e6), st.integers(1, 20), st.integers(0, 1000))
def test_every_answer_of_the_load_is_in_exactly_one_second(begin_s: float, seconds: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    done_s = begin_s + np.sort(random.integers(0, 4 * seconds + 8, 200)) / 4  # many of them on an edge
    samples = Samples(scheduled_s=done_s, sent_s=done_s, done_s=done_s, status=np.full(200, 200))
    window = Window(begin_s, begin_s, begin_s + seconds)
    found = timeline(samples, window, TIMEOUT_S)
    assert len(found.start_s) == seconds
    assert sum(found.throughput_rps) == pytest.approx(figures.throughput_rps(samples, window) * seconds)


@pytest.mark.parametrize(("length_s", "bin_s", "count"), [(600.0, 1.0, 600), (601.0, 2.0, 300), (1e9, 1666667.0, 599)])
def test_a_long_load_has_longer_bins_and_not_more_of_them(length_s: float, bin_s: float, count: int) -> None:
    window = Window(100.0, 100.0, 100.0 + length_s)
    found = timeline(cell((100.5, 100.75, 200), (101.5, 101.75, 200)), window, TIMEOUT_S)
    assert (found.bin_s, len(found.start_s)) == (bin_s, count)
    assert len(found.start_s) <= MOST_BINS
    assert found.start_s[:2] == (0.0, bin_s)
    assert found.throughput_rps[0] == (2 if bin_s > 1 else 1) / bin_s
