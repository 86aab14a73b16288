from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import figures, problems
from bench.plan import duration
from bench.record.columns import DTYPES, RECORDED_BY_THE_LOAD
from loadtests.engine import window
from loadtests.engine.recording import (
    COLUMNS,
    DROPPED,
    ERRORS,
    NO_PORT,
    NOT_SENT,
    TIMED_OUT,
    UNSENT,
    WRONG_BODY,
    Recorder,
)


def recorder_of(latencies_s: list[float], since_s: float = 100.0) -> Recorder:
    recorder = Recorder()
    for number, took_s in enumerate(latencies_s):
        begun_s = since_s + number
        recorder.add(begun_s, begun_s, begun_s + took_s, 200, 5)
    return recorder


def test_harness_and_load_agree_on_the_numbers_and_names_of_the_errors() -> None:
    assert dict(figures.ERROR_NAMES) == ERRORS
    assert figures.TIMEOUT == TIMED_OUT
    assert figures.DROPPED == DROPPED
    assert figures.UNSENT == UNSENT
    assert figures.NO_PORT == NO_PORT
    assert figures.WRONG_BODY == WRONG_BODY


def test_harness_and_load_have_the_same_columns_in_the_same_order_and_of_the_same_types() -> None:
    recorded = [(name, np.array(array(code)).dtype) for name, code in COLUMNS.items()]
    assert recorded == [(name, np.dtype(DTYPES[name])) for name in RECORDED_BY_THE_LOAD]


def test_harness_and_load_agree_on_how_many_p95_a_window_spans() -> None:
    assert window.WINDOW_P95S == problems.WINDOW_P95S
    assert window.GROWTH_MARGIN > 1
    assert pytest.approx(window.WINDOW_P95S * window.GROWTH_MARGIN) == duration.WINDOW_P95S


def test_the_latest_p95_is_that_of_the_last_thousand_requests_without_those_never_sent() -> None:
    recorder = recorder_of([9.0] * 500 + [0.1] * 940 + [0.7] * 60)
    assert recorder.latest_p95_s() == pytest.approx(0.7)
    for _ in range(500):
        recorder.add(1.0, 1.0, 1.0, DROPPED, 0)
    assert recorder.latest_p95_s() == pytest.approx(0.7)
    assert Recorder().latest_p95_s() == 0


def test_every_value_is_written_to_the_last_digit_in_its_own_column(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.add(1.1, 1.2, 1.3000000000000003, 200, 70_000, True)
    recorder.measurement, recorder.slice = 1, 7
    recorder.add(2.1, 2.2, 2.3, TIMED_OUT, 0, False)
    recorder.add(3.1, 3.2, 3.2, DROPPED, 0)
    recorder.add_beat(1.01, 0.0020000000000000018)
    recorder.write(tmp_path / "requests.npz")
    with np.load(tmp_path / "requests.npz", allow_pickle=False) as arrays:
        assert [(name, arrays[name].dtype) for name in arrays] == [(name, DTYPES[name]) for name in COLUMNS]
        assert arrays["beat_s"].tolist() == [1.01]
        assert arrays["beat_late_s"].tolist() == [0.0020000000000000018]
        assert arrays["scheduled_s"].tolist() == [1.1, 2.1, 3.1]
        assert arrays["sent_s"].tolist() == [1.2, 2.2, 3.2]
        assert arrays["done_s"].tolist() == [1.3000000000000003, 2.3, 3.2]
        assert arrays["status"].tolist() == [200, TIMED_OUT, DROPPED]
        assert arrays["bytes"].tolist() == [70_000, 0, 0]
        assert arrays["measurement"].tolist() == [0, 1, 1]
        assert arrays["route"].tolist() == [0, 0, 0]
        assert arrays["slice"].tolist() == [0, 7, 7]
        assert arrays["new_connection"].tolist() == [1, 0, NOT_SENT]
    assert len(recorder) == 3
    assert recorder.failed == 2


def test_a_recorder_without_requests_writes_empty_columns(tmp_path: Path) -> None:
    Recorder().write(tmp_path / "requests.npz")
    with np.load(tmp_path / "requests.npz", allow_pickle=False) as arrays:
        assert {len(arrays[name]) for name in arrays} == {0}


def test_p95_is_nearest_rank_over_what_was_scheduled_since() -> None:
    recorder = recorder_of([number / 100 for number in range(1, 101)])
    assert recorder.p95_s(100.0, 300.0, []) == pytest.approx(0.95)
    assert recorder.p95_s(200.0, 300.0, []) == 0.0
    assert recorder.p95_s(199.0, 300.0, []) == pytest.approx(1.0)


def test_requests_in_flight_count_with_their_age() -> None:
    recorder = recorder_of([0.1] * 10)
    assert recorder.p95_s(100.0, 130.0, [110.0]) == pytest.approx(20.0)
    assert recorder.p95_s(100.0, 130.0, [99.0]) == pytest.approx(0.1)  # begun before the window


def test_arrivals_that_were_never_sent_count_as_failed_and_not_in_the_p95() -> None:
    recorder = recorder_of([2.0] * 10)
    for number in range(1000):
        recorder.add(105.0, 105.0, 105.0, (DROPPED, UNSENT, NO_PORT)[number % 3], 0)
    assert recorder.failed == 1000
    assert recorder.p95_s(100.0, 300.0, []) == pytest.approx(2.0)


@given(st.lists(st.floats(min_value=0, max_value=60), min_size=1, max_size=50), st.integers(0, 20))
def test_requests_in_flight_never_lower_the_p95_of_the_finished_ones(latencies_s: list[float], waiting: int) -> None:
    recorder = recorder_of(latencies_s)
    known_s = recorder.p95_s(0.0, 1000.0, [])
    assert recorder.p95_s(0.0, 1000.0, [900.0] * waiting) >= known_s
