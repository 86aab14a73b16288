from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import figures
from bench.model.cell import Memory, MemoryFigure, Window
from bench.model.samples import LOAD_SIDE, TABLES, Samples
from tests.unit.builders import FLASK, ONE_CORE, plan, readings_of
from tests.unit.judge.cell.test_slices import THREE_PAIRS, session

WINDOW = Window(warmup_s=0.0, start_s=10.0, end_s=20.0)
DURATIONS = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=200)
FRACTIONS = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def requests(*rows: tuple[float, float, float, int]) -> Samples:
    """Samples of (scheduled, sent, done, status)."""
    scheduled_s, sent_s, done_s, status = (np.array(column) for column in zip(*rows, strict=True))
    return Samples(scheduled_s=scheduled_s, sent_s=sent_s, done_s=done_s, status=status)


def joined(asked: Samples, read: Samples) -> Samples:
    """The requests of the one with the readings of the other."""
    return replace(read, **{name: getattr(asked, name) for name in TABLES["requests"]})


def readings(t_s: list[float], load_side: Mapping[str, float] = {}, **columns: list[float]) -> Samples:
    """Readings of a server with these columns, and of these roles with the cores that each uses; no steal."""
    server = {name: np.array(values) for name, values in columns.items()}
    cores = {name: np.full(len(t_s), 0.0 if "steal" in name else np.nan) for name in TABLES["cores"]}
    return Samples(**readings_of(np.array(t_s), server, load_side), **cores | {"cores_t_s": np.array(t_s)})


def stolen(server_s: list[float], load_s: list[float]) -> Samples:
    """Readings at 5, 15 and 25 s, with these seconds of steal on the cores of either side."""
    return replace(readings([5.0, 15.0, 25.0]), server_steal_s=np.array(server_s), load_steal_s=np.array(load_s))


@pytest.mark.parametrize(
    ("count", "fraction", "rank"),
    [
        (1, 0.5, 1),
        (1, 0.99, 1),
        (20, 0.95, 19),
        (21, 0.95, 20),
        (100, 0.95, 95),
        (100, 0.99, 99),
        (4, 0.5, 2),
        (5, 0.5, 3),
    ],
)
def test_a_percentile_is_the_value_of_the_nearest_rank(count: int, fraction: float, rank: int) -> None:
    assert figures.percentile(np.arange(1.0, count + 1), fraction) == rank


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(IndexError):
        figures.percentile(np.empty(0), 0.5)


@given(DURATIONS, FRACTIONS)
def test_a_percentile_is_one_of_the_values_that_enough_of_them_do_not_exceed(values: list[float], share: float) -> None:
    found = figures.percentile(np.sort(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values) + 1e-9


@given(DURATIONS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_distribution_scales_with_its_durations(values: list[float], factor: float) -> None:
    one, scaled = figures.distribution(np.array(values)), figures.distribution(np.array(values) * factor)
    assert one is not None
    assert scaled is not None
    for name in ("p50", "p90", "p95", "p99", "max"):
        assert getattr(scaled, name) == getattr(one, name) * factor
    assert one.p50 <= one.p90 <= one.p95 <= one.p99 <= one.max


def test_a_distribution_does_not_depend_on_order_and_there_is_none_of_nothing() -> None:
    assert figures.distribution(np.array([3.0, 1.0, 2.0])) == figures.distribution(np.array([1.0, 2.0, 3.0]))
    assert figures.distribution(np.empty(0)) is None


def test_throughput_counts_right_answers_that_finished_inside_the_window() -> None:
    samples = requests(
        (9.0, 9.0, 9.99, 200),  # done before
        (9.0, 9.0, 10.0, 200),  # done at the very start: counts
        (9.5, 9.5, 15.0, 200),  # scheduled before, done inside: counts
        (12.0, 12.0, 13.0, -2),  # failed
        (19.0, 19.0, 20.0, 200),  # done at the end, which is outside
    )
    assert figures.throughput_rps(samples, WINDOW) == 2 / 10


def test_latency_runs_from_the_scheduled_start_and_follows_a_request_into_the_drain() -> None:
    samples = requests(
        (9.99, 10.0, 11.0, 200), (10.0, 10.5, 11.0, 200), (19.9, 19.9, 25.9, 200), (20.0, 20.0, 21.0, 200)
    )
    found = figures.latency_s(samples, WINDOW, timeout_s=30.0)
    assert found is not None
    assert found.p50 == 1.0
    assert found.max == pytest.approx(6.0)
    assert found.mean == pytest.approx(3.5)


def test_a_failed_request_counts_at_the_timeout_or_at_what_it_took_if_that_was_longer() -> None:
    samples = requests((11.0, 11.0, 11.001, -1), (12.0, 12.0, 17.5, -2), (13.0, 13.0, 13.1, 200))
    found = figures.latency_s(samples, WINDOW, timeout_s=5.0)
    assert found is not None
    assert (found.p50, found.max) == (5.0, 5.5)
    fast = figures.service_s(samples, WINDOW)
    assert fast is not None
    assert fast.max == pytest.approx(0.1)


def test_latencies_are_in_the_order_of_the_requests() -> None:
    samples = requests(
        (11.0, 11.0, 14.0, 200), (9.0, 9.0, 11.0, 200), (12.0, 12.0, 12.5, -503), (13.0, 13.0, 13.5, figures.UNSENT),
        (14.0, 14.0, 15.0, 200),
    )  # fmt: skip
    assert figures.latencies_s(samples, WINDOW, timeout_s=5.0).tolist() == [3.0, 5.0, 1.0]


def test_requests_are_counted_by_how_they_ended() -> None:
    samples = requests(*((11.0, 11.0, 12.0, status) for status in (200, 200, -2, -2, -3, -503)), (5.0, 5.0, 6.0, -1))
    found = figures.requests(samples, WINDOW)
    assert (found.ok, found.errors, found.timeouts) == (2, 2, 2)
    assert dict(found.by_error) == {"status 503": 1, "connection lost": 1, "timeout": 2}


def test_dropped_and_unsent_arrivals_are_counted_apart_from_errors() -> None:
    samples = requests(
        *((11.0, 11.0, 12.0, status) for status in (200, 200, 200, -2, -503)),
        *((12.0, 12.0, 12.0, figures.DROPPED),) * 4,
        *((12.0, 12.0, 12.0, figures.UNSENT),) * 2,
        (12.0, 12.0, 12.0, figures.NO_PORT),
        (25.0, 25.0, 25.0, figures.DROPPED),
    )
    found = figures.requests(samples, WINDOW)
    assert (found.ok, found.errors, found.timeouts, found.dropped, found.unsent) == (3, 1, 1, 4, 3)
    assert dict(found.by_error) == {"timeout": 1, "status 503": 1}
    assert int(figures.sent(samples).sum()) == 5


@pytest.mark.parametrize(
    ("status", "p50_s"),
    [
        pytest.param(figures.DROPPED, 5.0, id="dropped"),
        pytest.param(figures.UNSENT, 0.1, id="unsent"),
        pytest.param(figures.NO_PORT, 0.1, id="no port"),
    ],
)
def test_a_dropped_arrival_counts_at_the_timeout_in_latency_alone_and_an_unsent_one_nowhere(
    status: int, p50_s: float
) -> None:
    samples = requests((11.0, 11.01, 11.1, 200), *((12.0, 12.5, 12.5, status),) * 3)
    latency = figures.latency_s(samples, WINDOW, timeout_s=5.0)
    service, send_delay = figures.service_s(samples, WINDOW), figures.send_delay_s(samples, WINDOW)
    assert latency is not None
    assert service is not None
    assert send_delay is not None
    assert (latency.p50, latency.max) == pytest.approx((p50_s, p50_s))
    assert service.max == pytest.approx(0.09)
    assert send_delay.max == pytest.approx(0.01)
    assert figures.throughput_rps(samples, WINDOW) == 1 / 10
    assert figures.mean_in_flight(samples, WINDOW) == pytest.approx(0.009)


def test_there_is_no_latency_where_the_generator_sent_no_request() -> None:
    unsent = (12.0, 12.5, 12.5, figures.UNSENT)
    assert figures.latency_s(requests(unsent, unsent), WINDOW, timeout_s=5.0) is None
    found = figures.latency_s(requests(unsent, unsent, (12.0, 12.5, 12.5, figures.DROPPED)), WINDOW, timeout_s=5.0)
    assert found is not None
    assert (found.mean, found.p50) == (5.0, 5.0)


def test_cpu_per_request_is_shared_by_the_requests_that_were_sent() -> None:
    asked = requests((11.0, 11.0, 12.0, 200), (11.0, 11.0, 12.0, -2), *((12.0, 12.0, 12.0, figures.DROPPED),) * 8)
    base = readings([10.0, 20.0], cpu_user_s=[0.0, 3.0], cpu_system_s=[0.0, 1.0])
    assert figures.cpu(joined(asked, base), WINDOW, ONE_CORE).server_s_per_request == pytest.approx(2.0)
    none = requests(*((12.0, 12.0, 12.0, figures.UNSENT),) * 8)
    assert figures.cpu(joined(none, base), WINDOW, ONE_CORE).server_s_per_request is None


def test_send_delay_is_from_the_scheduled_to_the_actual_send_of_requests_scheduled_in_the_window() -> None:
    samples = requests((9.0, 9.9, 11.0, 200), (11.0, 11.002, 12.0, 200), (12.0, 12.004, 13.0, -2))
    found = figures.send_delay_s(samples, WINDOW)
    assert found is not None
    assert found.p50 == pytest.approx(0.002)
    assert found.max == pytest.approx(0.004)
    assert figures.send_delay_s(requests((5.0, 5.0, 6.0, 200)), WINDOW) is None


def test_timer_lag_is_taken_over_the_beats_due_in_the_window() -> None:
    beats = Samples(beat_s=np.array([9.99, 10.0, 15.0, 19.99, 20.0]), beat_late_s=np.array([9.0, 0.1, 0.2, 0.3, 9.0]))
    found = figures.timer_lag_s(beats, WINDOW)
    assert found is not None
    assert found.mean == pytest.approx((0.1 + 0.2 + 0.3) / 3)
    assert found.max == 0.3
    assert figures.timer_lag_s(Samples(), WINDOW) is None


def test_service_time_is_what_a_request_waits_or_the_shortest_right_answer_of_the_whole_cell() -> None:
    samples = requests((0.0, 0.5, 0.61, 200), (11.0, 11.0, 11.5, 200), (12.0, 12.0, 12.001, -503))
    waits = replace(plan({"one": FLASK}, {"weather": (1,)}).scenarios["weather"], hold_s=0.1)
    assert figures.service_time_s(samples, waits) == pytest.approx(0.11)
    assert figures.service_time_s(samples, replace(waits, hold_s=0.2)) == 0.2
    assert figures.service_time_s(requests((1.0, 1.0, 2.0, -1)), waits) == 0.1
    assert figures.service_time_s(Samples(), replace(waits, hold_s=0.0)) == 0.0


def test_the_backlog_grows_by_the_arrivals_of_the_window_that_were_not_answered_in_it() -> None:
    before, through = (9.0, 9.0, 12.0, 200), (8.0, 8.0, 25.0, 200)
    inside, left = (12.0, 12.0, 13.0, 200), (19.0, 19.0, 21.0, 200)
    assert figures.backlog_growth(requests(inside), WINDOW) == 0
    assert figures.backlog_growth(requests(through, inside), WINDOW) == 0
    assert figures.backlog_growth(requests(left, left, inside), WINDOW) == 2
    assert figures.backlog_growth(requests(left, left, before), WINDOW) == 1
    assert figures.backlog_growth(requests(before, before), WINDOW) == -2


@pytest.mark.parametrize(("server_cpus", "load_cpus", "shares"), [(1, 1, (0.2, 0.4)), (2, 4, (0.1, 0.1))])
def test_steal_is_a_share_of_the_cores_of_either_side(
    server_cpus: int, load_cpus: int, shares: tuple[float, float]
) -> None:
    found = figures.cpu(
        stolen([7.0, 9.0, 11.0], [0.0, 4.0, 8.0]),
        WINDOW,
        replace(ONE_CORE, server_cpus=server_cpus, load_cpus=load_cpus),
    )
    assert found.server_steal == pytest.approx(shares[0])
    assert found.load_steal == pytest.approx(shares[1])


def test_steal_that_the_platform_does_not_report_is_none_and_not_zero() -> None:
    found = figures.cpu(stolen([np.nan] * 3, [0.0] * 3), WINDOW, ONE_CORE)
    assert found.server_steal is None
    assert found.load_steal == 0.0


def test_requests_in_flight_are_averaged_over_the_window_alone() -> None:
    samples = requests((0.0, 0.0, 15.0, 200), (15.0, 15.0, 40.0, 200), (12.0, 12.0, 14.5, 200), (1.0, 1.0, 2.0, 200))
    assert figures.mean_in_flight(samples, WINDOW) == pytest.approx((5 + 5 + 2.5) / 10)


def test_cpu_counters_are_interpolated_at_the_ends_of_the_window() -> None:
    base = readings(
        [5.0, 15.0, 25.0],
        {"generator": 0.1, "upstream": 0.2, "harness": 0.05},
        cpu_user_s=[0.0, 4.0, 12.0],
        cpu_system_s=[0.0, 2.0, 4.0],
        threads=[9, 5, 7],
        switches=[0, 100, 300],
    )
    asked = requests((11.0, 11.0, 12.0, 200), (11.0, 11.0, 13.0, -2))
    found = figures.cpu(joined(asked, base), WINDOW, ONE_CORE)
    # User 2 -> 8, system 1 -> 3: eight CPU seconds in ten.
    assert found.server_cores == pytest.approx(0.8)
    assert found.server_s_per_request == pytest.approx(4.0)
    assert (found.generator_cores, found.upstream_cores, found.sampler_cores) == pytest.approx((0.1, 0.2, 0.05))
    assert found.server_switches_per_s == pytest.approx(15.0)
    assert found.server_threads == 5


def test_memory_is_idle_at_the_first_reading_and_median_and_peak_inside_the_window() -> None:
    samples = readings(
        [1.0, 9.0, 11.0, 12.0, 13.0, 21.0],
        {"generator": 0.1},
        pss_bytes=[10, 99, 30, 20, 40, 99],
        rss_bytes=[11, 99, 31, 21, 41, 99],
        uss_bytes=[9, 99, 29, 19, 39, 99],
        anon_bytes=[8, 99, 28, 18, 38, 99],
    )
    assert figures.memory(samples, WINDOW) == Memory(
        MemoryFigure(10, 11, 9, 8), MemoryFigure(30, 31, 29, 28), MemoryFigure(40, 41, 39, 38)
    )


def test_memory_has_no_pss_where_the_platform_has_none() -> None:
    found = figures.memory(readings([11.0], pss_bytes=[-1], uss_bytes=[7]), WINDOW).median
    assert (found.pss_bytes, found.uss_bytes) == (None, 7)


def test_the_memory_of_a_reading_is_its_pss_or_where_there_is_none_its_uss() -> None:
    samples = readings([11.0, 12.0, 13.0], pss_bytes=[30, -1, 0], uss_bytes=[29, 19, 9])
    assert figures.ranked_bytes(samples)[figures.reading_of(samples, "server")].tolist() == [30, 19, 0]


def test_a_window_without_a_reading_has_no_memory() -> None:
    with pytest.raises(ValueError, match="no memory reading"):
        figures.memory(readings([1.0, 30.0]), WINDOW)


def test_a_server_has_its_own_requests_its_own_readings_first_and_all_other_readings() -> None:
    raw = session(THREE_PAIRS).samples
    for number, roles in ((0, ("base", "head")), (1, ("head", "base"))):
        own = figures.of_server(raw, number)
        assert own.roles == (*roles, *LOAD_SIDE)
        assert set(own.measurement) == {number}
        asked = raw.measurement == number
        for name in TABLES["requests"]:
            assert getattr(own, name).tolist() == getattr(raw, name)[asked].tolist()
        for role in raw.roles:
            for name in set(TABLES["readings"]) - {"role"}:
                here = getattr(own, name)[figures.reading_of(own, role)]
                assert here.tolist() == getattr(raw, name)[figures.reading_of(raw, role)].tolist()
        assert set(own.threads[own.role == 0]) == {5 + number}
        for name in (*TABLES["beats"], *TABLES["cores"]):
            np.testing.assert_array_equal(getattr(own, name), getattr(raw, name))


def test_a_role_that_was_not_read_has_no_readings_and_used_no_cpu() -> None:
    read = readings([5.0, 15.0, 25.0], {"generator": 0.25})
    assert figures.reading_of(read, "generator").tolist() == [False] * 3 + [True] * 3
    assert not figures.reading_of(read, "upstream").any()
    found = figures.cpu(read, WINDOW, ONE_CORE)
    assert (found.generator_cores, found.upstream_cores, found.sampler_cores) == (0.25, 0.0, 0.0)


@pytest.mark.parametrize(("pinned", "shares"), [(True, (0.35, 0.25)), (False, (0.10, -0.15))])
def test_other_programs_used_what_is_left_of_the_wall_time(pinned: bool, shares: tuple[float, float]) -> None:
    read = readings([10.0, 20.0], {"generator": 0.25}, cpu_user_s=[0.0, 3.0], cpu_system_s=[0.0, 1.0])
    read = replace(
        read,
        cores_t_s=np.array([10.0, 20.0]),
        server_steal_s=np.array([1.0, 1.5]),
        server_idle_s=np.array([50.0, 52.0]),
        load_steal_s=np.array([0.0, 0.0]),
        load_idle_s=np.array([7.0, 12.0]),
    )
    found = figures.cpu(read, WINDOW, replace(ONE_CORE, pinned=pinned))
    # Of 10 s the server's core was stolen for 0.5 and idle for 2, the load's idle for 5; roles used 4 and 2.5.
    assert found.server_other == pytest.approx(shares[0])
    assert found.load_other == pytest.approx(shares[1])


def test_other_programs_are_not_known_where_idle_time_was_not_recorded() -> None:
    found = figures.cpu(stolen([0.0] * 3, [0.0] * 3), WINDOW, ONE_CORE)
    assert (found.server_other, found.load_other) == (None, None)


def test_each_request_of_a_mix_has_its_own_counts_and_percentiles() -> None:
    rows = [
        (10.0 + 0.1 * number, 10.0, 10.0 + 0.1 * number + (0.3 if number % 4 == 3 else 0.1), 200)
        for number in range(40)
    ]
    rows += [(11.0, 11.0, 11.05, -500), (9.0, 9.0, 9.1, 200)]
    found = requests(*rows)
    zeros = np.zeros(42, dtype=np.int64)
    whole = replace(
        found,
        route=np.array([int(number % 4 == 3) for number in range(40)] + [1, 1]),
        slice=zeros,
        bytes=zeros,
        measurement=zeros,
        new_connection=zeros,
    )
    buy, look = figures.routes(whole, WINDOW, ["buy", "look"], timeout_s=5.0)
    assert (buy.name, buy.requests.ok, buy.requests.errors) == ("buy", 30, 0)
    assert (look.name, look.requests.ok, look.requests.errors) == ("look", 10, 1)
    assert buy.latency_s is not None
    assert look.latency_s is not None
    assert (buy.latency_s.p50, look.latency_s.p50) == pytest.approx((0.1, 0.3))
    assert look.latency_s.p99 == 5.0
    assert figures.routes(whole, WINDOW, ["buy"], timeout_s=5.0) == ()


@pytest.mark.parametrize(("opened", "share"), [([1, 0, 0, 1], 0.5), ([0, 0, 0, 0], 0.0), ([-1, -1, -1, -1], None)])
def test_new_connections_are_counted_for_the_requests_that_were_sent(opened: list[int], share: float | None) -> None:
    rows = [(10.0 + number, 10.0, 10.1, 200) for number in range(4)]
    found = requests(*rows, (15.0, 15.0, 15.0, figures.DROPPED), (5.0, 5.0, 5.1, 200))
    assert figures.connections(replace(found, new_connection=np.array([*opened, -1, 1])), WINDOW) == share
