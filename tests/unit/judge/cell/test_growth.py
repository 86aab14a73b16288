"""Made-up traces of RSS: a leak is found in them, and nothing else is taken for one."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell.growth import memory_growth
from bench.model.cell import Window
from bench.model.samples import Floats, Samples

WINDOW = Window(warmup_s=0.0, start_s=2.0, end_s=7.0)
RATE_RPS = 200.0
INTERVAL_S = 0.4
BASE = 60e6
KB, MB = 1e3, 1e6
NOISE = 64 * KB
"""Linux counts the pages of each core by itself and adds them up in batches."""

Trace = Callable[[Floats], Floats]


def traced(
    trace: Trace, *, rate_rps: float = RATE_RPS, interval_s: float = INTERVAL_S, seed: int = 0, takes_s: float = 0.0
) -> Samples:
    """Evenly spread requests, and readings of this memory (of seconds since the load began), with some noise."""
    done_s = np.arange(0.0, WINDOW.end_s + 1.0, 1 / rate_rps)
    t_s = np.arange(-1.0, WINDOW.end_s + 0.5, interval_s)
    noise = np.random.default_rng(seed).uniform(-NOISE, NOISE, len(t_s))
    rss = BASE + trace(np.maximum(t_s, 0.0)) + noise
    return Samples(
        scheduled_s=done_s - takes_s, sent_s=done_s - takes_s, done_s=done_s, status=np.full(len(done_s), 200),
        resident_t_s=t_s, resident_role=np.zeros(len(t_s), dtype=np.int64), resident_bytes=rss.astype(np.int64),
    )  # fmt: skip


def leak(per_request: float, rate_rps: float = RATE_RPS) -> Trace:
    return lambda t_s: per_request * rate_rps * t_s


def arenas(per_request: float) -> Trace:
    """A leak of small objects, for which the allocator asks a megabyte at a time."""
    return lambda t_s: np.floor(leak(per_request)(t_s) / MB) * MB


def settles(size: float, after_s: float) -> Trace:
    return lambda t_s: size * (1 - np.exp(-t_s / after_s))


def sawtooth(size: float, period_s: float, phase_s: float = 0.0) -> Trace:
    return lambda t_s: size * ((t_s + phase_s) / period_s % 1)


def step(size: float, at_s: float) -> Trace:
    return lambda t_s: np.where(t_s < at_s, 0.0, size)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("per_request", [10 * KB, 100 * KB, MB])
def test_a_leak_is_found_with_its_size(per_request: float, seed: int) -> None:
    found = memory_growth(traced(leak(per_request), seed=seed), WINDOW)
    assert found is not None
    assert found.per_request_bytes == pytest.approx(per_request, rel=0.03)
    assert 0 < found.low <= found.per_request_bytes <= found.high
    assert found.end_bytes - found.start_bytes == pytest.approx(per_request * RATE_RPS * 5, rel=0.15)


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_in_steps_of_the_allocator_is_found(seed: int) -> None:
    found = memory_growth(traced(arenas(20 * KB), seed=seed), WINDOW)
    assert found is not None
    assert found.per_request_bytes == pytest.approx(20 * KB, rel=0.2)


def test_a_leak_of_a_slow_service_is_found() -> None:
    found = memory_growth(traced(leak(MB, 4.0), rate_rps=4.0), WINDOW)
    assert found is not None
    assert found.per_request_bytes == pytest.approx(MB, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(lambda t_s: 0 * t_s, id="constant"),
        pytest.param(leak(-100 * KB), id="falling"),
        pytest.param(leak(0.5 * KB), id="less than memory varies by"),
        *(pytest.param(settles(40 * MB, after_s), id=f"settles after {after_s} s") for after_s in (0.3, 1.0, 2.0, 4.0)),
        *(pytest.param(step(30 * MB, at_s), id=f"a step at {at_s} s") for at_s in (0.5, 2.1, 3.0, 4.5, 6.0, 6.8)),
        *(
            pytest.param(sawtooth(20 * MB, period_s, phase_s), id=f"collected every {period_s} s, {phase_s}")
            for period_s in (0.5, 1.0, 2.0, 3.0, 4.0)
            for phase_s in (0.0, 0.3, 1.2)
        ),
    ],
)
def test_what_settles_comes_once_or_is_given_back_is_no_leak(trace: Trace, seed: int) -> None:
    assert memory_growth(traced(trace, seed=seed), WINDOW) is None


@pytest.mark.parametrize(
    ("per_request", "takes_s", "found"),
    [(2 * KB, 0.0, True), (2 * KB, 0.5, False), (2 * KB, 0.2, True), (20 * KB, 0.5, True)],
)
def test_threads_that_have_served_few_requests_still_build_up_their_heaps(
    per_request: float, takes_s: float, found: bool
) -> None:
    samples = traced(leak(per_request), takes_s=takes_s)  # of 1400 requests 100 are in flight after 0.5 s each
    assert (memory_growth(samples, WINDOW) is not None) is found


def test_memory_that_was_given_back_in_the_warm_up_is_not_taken_for_a_leak_in_the_window() -> None:
    collected = sawtooth(20 * MB, 6.0, 4.5)  # once, at 1.5 s
    assert memory_growth(traced(collected), WINDOW) is None
    assert memory_growth(traced(leak(20 * MB / 6.0 / RATE_RPS)), WINDOW) is not None


@pytest.mark.parametrize(("interval_s", "found"), [(0.55, True), (0.8, False)])
def test_fewer_than_eight_readings_show_nothing(interval_s: float, found: bool) -> None:
    assert (memory_growth(traced(leak(MB), interval_s=interval_s), WINDOW) is not None) is found


@pytest.mark.parametrize(("end_s", "found"), [(5.9, False), (6.0, True)])
def test_a_window_of_less_than_four_seconds_shows_nothing(end_s: float, found: bool) -> None:
    assert (memory_growth(traced(leak(MB), interval_s=0.2), Window(0.0, 2.0, end_s)) is not None) is found


def test_a_run_that_has_no_readings_of_rss_shows_nothing() -> None:
    assert memory_growth(Samples(), WINDOW) is None


def test_memory_that_grows_while_nothing_is_answered_does_not_grow_by_the_request() -> None:
    raw = traced(leak(MB))
    none = Samples(resident_t_s=raw.resident_t_s, resident_role=raw.resident_role, resident_bytes=raw.resident_bytes)
    assert memory_growth(none, WINDOW) is None


@given(st.floats(20 * KB, MB), st.sampled_from([0.5, 2.0, 4.0]))
def test_growth_scales_with_memory_and_does_not_depend_on_where_it_begins(per_request: float, factor: float) -> None:
    raw = traced(leak(per_request))
    found = memory_growth(raw, WINDOW)
    scaled = memory_growth(
        Samples(
            scheduled_s=raw.scheduled_s, sent_s=raw.sent_s, done_s=raw.done_s, status=raw.status,
            resident_t_s=raw.resident_t_s, resident_role=raw.resident_role,
            resident_bytes=(raw.resident_bytes * factor).astype(np.int64),
        ),
        WINDOW,
    )  # fmt: skip
    assert found is not None
    assert scaled is not None
    assert scaled.per_request_bytes == pytest.approx(factor * found.per_request_bytes, rel=1e-4)


def test_the_slope_is_the_median_over_all_pairs_of_readings() -> None:
    raw = traced(leak(100 * KB))
    inside = (raw.resident_t_s >= WINDOW.start_s) & (raw.resident_t_s <= WINDOW.end_s + 0.1)
    done = np.array([(raw.done_s < t_s).sum() for t_s in raw.resident_t_s[inside]])
    truth = scipy.stats.theilslopes(raw.resident_bytes[inside], done, 0.95)
    found = memory_growth(raw, WINDOW)
    assert found is not None
    assert (found.per_request_bytes, found.low, found.high) == pytest.approx(
        (truth.slope, truth.low_slope, truth.high_slope)
    )
