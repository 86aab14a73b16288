from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.judge.cell.conditions import Conditions
from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.judge import Recording, judge_cell
from bench.model.cell import Cell, CellKey, Limit, Window
from bench.model.config import Closed, Load, Open
from bench.model.samples import TABLES, Samples
from bench.record.store import load_samples, save_samples
from tests.unit.builders import FASTAPI, FLASK, HOLD_S, PROBE, SYNC, WINDOW, plan, samples, served
from tests.unit.judge.cell.measured import EVERY_METRIC, problem_names, reliable

SHAPES = {"flask": FLASK, "loop": FASTAPI, "sync": SYNC}
PLAN = plan(SHAPES, {"weather": (10,)}, rates={"weather": (200.0,)})
TEN = Closed(users=10)
STEADY = Open(rate_rps=200.0, arrivals="fixed", max_in_flight=500)
POISSON = replace(STEADY, arrivals="poisson")


def judged(
    raw: Samples,
    load: Load = TEN,
    *,
    calls: int | None = None,
    delay_error_s: float = 0.001,
    window: Window = WINDOW,
) -> Cell:
    """The cell of the Flask stack; its upstream counted one call for each request that was sent, or these `calls`."""
    sent = int((~np.isin(raw.status, (DROPPED, UNSENT))).sum())
    upstream = served(sent if calls is None else calls, delay_error_s)
    conditions = Conditions(PLAN.stacks["flask"], PLAN.scenarios["weather"], load, server_cpus=1, load_cpus=1)
    return judge_cell(CellKey("flask", "weather", load, 1, 0), conditions, Recording(raw, [upstream], PROBE, window))


def steady(status: int = 200, share: float = 0.0) -> Samples:
    """An open-loop load of 200/s; this share of it, evenly spread, ended with another status."""
    raw = samples(FLASK, STEADY, seed=3)
    status_of = raw.status.copy()
    if share:
        status_of[:: round(1 / share)] = status
    never = np.isin(status_of, (DROPPED, UNSENT))
    return replace(
        raw,
        status=status_of,
        sent_s=np.where(never, raw.scheduled_s + 1e-5, raw.sent_s),
        done_s=np.where(never, raw.scheduled_s + 1e-5, raw.done_s),
    )


@pytest.mark.parametrize("load", [TEN, STEADY])
def test_samples_come_back_as_they_were_written(tmp_path: Path, load: Load) -> None:
    raw = samples(FLASK, load, seed=3)
    cell = replace(judged(raw, load), samples=save_samples(tmp_path, 0, raw))
    assert replace(judged(load_samples(tmp_path, cell), load), samples=cell.samples) == cell


def test_a_cell_has_every_figure_of_a_healthy_server() -> None:
    cell = judged(samples(FLASK, TEN, seed=3))
    assert cell.timer_lag_s is not None
    assert cell.timer_lag_s.p99 == pytest.approx(0.0003)
    assert (cell.window, cell.probe, cell.slices, cell.samples) == (WINDOW, PROBE, (), None)
    one = cell.measurement
    assert (cell.outcome, one.outcome, one.problems) == ("ok", "ok", ())
    assert one.throughput_rps == pytest.approx(476, rel=0.05)
    assert one.latency_s is not None
    assert one.latency_s.p50 == pytest.approx(0.021, rel=0.05)
    assert one.in_flight == pytest.approx(10, rel=0.01)
    assert one.cpu is not None
    assert one.cpu.server_s_per_request == pytest.approx(FLASK.cpu_s, rel=0.02)
    assert one.cpu.server_steal == pytest.approx(0.02)
    assert one.cpu.load_steal == pytest.approx(0.01)
    assert one.send_delay_s is None
    assert reliable(one) == EVERY_METRIC


def test_an_open_loop_load_has_a_send_delay_and_below_capacity_no_bottleneck_that_it_shows() -> None:
    one = judged(steady(), STEADY).measurement
    assert (one.outcome, one.problems) == ("ok", ())
    assert one.throughput_rps == pytest.approx(200, rel=0.03)
    assert one.latency_s is not None
    assert one.latency_s.p50 == pytest.approx(HOLD_S * 1.05, rel=0.05)
    assert one.send_delay_s is not None
    assert one.send_delay_s.p99 == pytest.approx(1e-5, rel=0.01)
    assert one.requests is not None
    assert one.requests.dropped == 0
    assert one.bottleneck is not None
    assert one.bottleneck.limit == "not known"
    assert reliable(one) == EVERY_METRIC


def test_dropped_arrivals_make_only_the_latency_unreliable() -> None:
    whole, one = judged(steady(), STEADY).measurement, judged(steady(DROPPED, 0.1), STEADY).measurement
    assert problem_names(one) == ["arrivals dropped"]
    assert one.outcome == "ok"
    assert reliable(one) == {"throughput", "memory", "cpu", "errors"}
    assert one.requests is not None
    assert (one.requests.ok, one.requests.errors, one.requests.timeouts, one.requests.dropped) == (180, 0, 0, 20)
    assert one.requests.by_error == {}
    assert one.latency_s is not None
    assert one.latency_s.p95 == 30.0
    assert whole.cpu is not None
    assert one.cpu is not None
    assert whole.cpu.server_s_per_request is not None
    assert one.cpu.server_s_per_request == pytest.approx(whole.cpu.server_s_per_request / 0.9, rel=0.02)


def test_a_schedule_that_was_not_sent_makes_a_measurement_invalid() -> None:
    one = judged(steady(UNSENT, 0.1), STEADY).measurement
    assert problem_names(one) == ["arrivals not sent"]
    assert one.outcome == "invalid"
    assert reliable(one) == {"memory", "cpu"}
    assert one.latency_s is not None
    assert one.latency_s.max < 0.1  # of the requests that were sent
    assert one.bottleneck is not None
    assert one.bottleneck.limit == "generator"


@pytest.mark.parametrize("load", [STEADY, POISSON])
def test_a_generator_that_died_is_not_the_services_fault(load: Open) -> None:
    raw = steady()
    early = raw.scheduled_s < WINDOW.start_s
    one = judged(replace(raw, **{name: getattr(raw, name)[early] for name in TABLES["requests"]}), load).measurement
    assert problem_names(one) == ["arrivals not sent"]
    assert one.outcome == "invalid"
    assert one.latency_s is None


def test_a_generator_that_sent_nothing_of_its_schedule_is_not_the_services_fault_either() -> None:
    assert problem_names(judged(steady(UNSENT, 1.0), STEADY).measurement) == ["arrivals not sent"]


def test_timeouts_degrade_a_measurement_and_its_p95_is_the_timeout() -> None:
    one = judged(steady(TIMEOUT, 0.1), STEADY).measurement
    assert problem_names(one) == ["service errors"]
    assert one.outcome == "degraded"
    assert reliable(one) == {"throughput", "memory", "errors"}
    assert "P95 is at least the timeout" in one.problems[0].detail
    assert one.latency_s is not None
    assert one.latency_s.p95 == 30.0


@pytest.mark.parametrize("load", [TEN, STEADY])
def test_a_service_that_answers_nothing_right_has_a_throughput_of_zero_and_no_bottleneck(load: Load) -> None:
    raw = samples(FLASK, load, seed=3)
    one = judged(replace(raw, status=np.full(len(raw.status), -503)), load).measurement
    assert problem_names(one) == ["service errors", "nothing served"]
    assert one.outcome == "degraded"
    assert f"{one.throughput_rps}" == "0.0"  # not -0.0, which a report would show as -0
    assert one.bottleneck is not None
    assert (one.bottleneck.limit, one.bottleneck.concurrency) == ("not known", 0.0)


def test_an_open_loop_load_that_was_sent_late_has_no_latency() -> None:
    raw = steady()
    one = judged(replace(raw, sent_s=raw.scheduled_s + 0.006), STEADY).measurement
    assert problem_names(one) == ["generator late"]
    assert reliable(one) == {"throughput", "memory", "cpu", "errors"}


def test_the_timeouts_of_a_failing_service_do_not_allow_the_generator_to_be_later() -> None:
    raw = steady()
    status = np.where(np.arange(len(raw.status)) % 3, TIMEOUT, 200)
    one = judged(replace(raw, status=status, sent_s=raw.scheduled_s + 0.006), STEADY).measurement
    assert one.latency_s is not None
    assert one.latency_s.p50 == 30.0
    assert problem_names(one) == ["service errors", "generator late"]


def test_a_server_that_falls_behind_an_open_loop_load_has_no_latency() -> None:
    raw = steady()
    waits_s = np.maximum(raw.scheduled_s - WINDOW.start_s, 0) * 0.2  # it answers five of six in time
    one = judged(replace(raw, done_s=raw.done_s + waits_s), STEADY).measurement
    assert problem_names(one) == ["falling behind"]
    assert reliable(one) == {"throughput", "memory", "cpu", "errors"}


@pytest.mark.parametrize(("load", "found"), [(STEADY, ["falling behind"]), (POISSON, [])])
def test_the_queue_of_poisson_arrivals_may_grow_by_chance_in_proportion_to_their_service_time(
    load: Open, found: list[str]
) -> None:
    raw = steady()
    in_flight = int(((raw.scheduled_s < WINDOW.start_s) & (raw.done_s >= WINDOW.start_s)).sum())
    last = np.flatnonzero(raw.scheduled_s < WINDOW.end_s)[-(in_flight + 13) :]
    done_s = raw.done_s.copy()
    done_s[last] = WINDOW.end_s + 0.01
    # 13 of 200 more: beyond 5 %, and within 2 x sqrt(2 x 200/s x 21 ms) = 5.8 beyond that.
    assert problem_names(judged(replace(raw, done_s=done_s), load).measurement) == found


@pytest.mark.parametrize(("steal", "limit"), [(0.0, "not known"), (0.02, "not known"), (0.1, "server cpu")])
def test_a_server_is_full_where_it_used_all_that_the_hypervisor_left_it(steal: float, limit: Limit) -> None:
    raw = samples(FLASK, TEN, seed=3)
    stolen = replace(raw, server_steal_s=raw.cores_t_s * steal)
    used = judged(stolen).measurement.cpu
    assert used is not None
    more = np.where(raw.role == 0, 0.88 / used.server_cores, 1.0)
    one = judged(replace(stolen, cpu_user_s=raw.cpu_user_s * more, cpu_system_s=raw.cpu_system_s * more)).measurement
    assert one.bottleneck is not None
    assert one.bottleneck.limit == limit
    assert ("97.8 % busy" in one.bottleneck.evidence) is (limit == "server cpu")


@pytest.mark.parametrize("load", [TEN, STEADY])
def test_a_stalled_generator_leaves_no_latency_under_either_load_model(load: Load) -> None:
    raw = samples(FLASK, load, seed=3)
    late_s = raw.beat_late_s.copy()
    late_s[::20] = 0.006
    one = judged(replace(raw, beat_late_s=late_s), load).measurement
    assert problem_names(one) == ["generator stalled"]
    assert reliable(one) == {"throughput", "memory", "cpu", "errors"}


def test_a_closed_loop_load_is_checked_for_idle_and_unanswered_users_and_for_no_schedule() -> None:
    raw = samples(FLASK, TEN, seed=3)
    late = replace(raw, sent_s=np.minimum(raw.scheduled_s + 0.006, raw.done_s))
    assert problem_names(judged(late).measurement) == ["users idle"]
    few = Closed(users=9)
    assert problem_names(judged(raw, few).measurement) == []
    many = Closed(users=500)
    assert problem_names(judged(raw, many, window=replace(WINDOW, answered=499)).measurement) == [
        "users unanswered",
        "users idle",
    ]


def test_an_open_loop_load_is_not_checked_for_users() -> None:
    raw = samples(FLASK, replace(STEADY, rate_rps=20.0), seed=3)
    assert judged(raw, replace(STEADY, rate_rps=20.0), window=replace(WINDOW, answered=0)).measurement.problems == ()


def test_a_window_shorter_than_three_p95_leaves_no_latency() -> None:
    raw = samples(FLASK, TEN, seed=3)
    short = replace(WINDOW, end_s=WINDOW.start_s + 0.06)  # P95 is 24 ms
    found = judged(raw, window=short).measurement
    assert problem_names(found) == ["unsteady"]
    assert reliable(found) == {"throughput", "memory", "cpu", "errors"}


SLOW = replace(STEADY, rate_rps=STEADY.rate_rps / 5)
LONG = replace(WINDOW, start_s=WINDOW.warmup_s + 2.5, end_s=WINDOW.warmup_s + 7.5)


def growing(per_request: float) -> Samples:
    """An open-loop load five times as slow and as long, and the RSS of a server that keeps so many bytes a request."""
    raw = steady()
    names = ("scheduled_s", "sent_s", "done_s", "t_s", "cores_t_s", "beat_s")
    slow = {name: WINDOW.warmup_s + 5 * (getattr(raw, name) - WINDOW.warmup_s) for name in names}
    t_s = np.arange(WINDOW.warmup_s, LONG.end_s + 0.5, 0.4)
    rss = 60e6 + per_request * np.searchsorted(np.sort(slow["done_s"]), t_s)
    return replace(
        raw, **slow, resident_t_s=t_s, resident_role=np.zeros(len(t_s), dtype=np.int64),
        resident_bytes=rss.astype(np.int64),
    )  # fmt: skip


def test_a_service_that_keeps_memory_of_each_request_has_no_memory_to_rank_and_all_else() -> None:
    one = judged(growing(1e6), SLOW, window=LONG).measurement
    assert problem_names(one) == ["memory grows"]
    assert "memory grew by 1.00 MB a request" in one.problems[0].detail
    assert reliable(one) == EVERY_METRIC - {"memory"}
    assert one.outcome == "ok"
    assert judged(growing(0.0), SLOW, window=LONG).measurement.problems == ()


def test_the_memory_of_a_queue_that_grows_is_not_called_memory_of_each_request() -> None:
    raw = growing(1e6)
    waits_s = np.maximum(raw.scheduled_s - LONG.start_s, 0) * 0.2
    one = judged(replace(raw, done_s=raw.done_s + waits_s), SLOW, window=LONG).measurement
    assert "falling behind" in problem_names(one)
    assert "memory grows" not in problem_names(one)


def test_workers_that_were_replaced_and_processes_that_outlived_their_parent_are_told_and_nothing_is_lost_by_them() -> (
    None
):
    raw = samples(FLASK, TEN, seed=3)
    server = raw.role == 0
    inside = server & (raw.t_s > WINDOW.start_s + 0.5)
    restless = replace(
        raw,
        workers_replaced=np.where(inside, 3, np.where(server, 0, -1)),
        worker_start_s=np.where(server, 0.4, -1.0),
        adopted=np.where(server, 2, -1),
    )
    whole, one = judged(raw).measurement, judged(restless).measurement
    assert problem_names(one) == ["workers replaced", "processes detached"]
    assert "at least 3 workers were replaced in the window; starting them took about 1.20 s" in one.problems[0].detail
    assert one.problems[1].detail.startswith("2 processes of the server outlived the parent")
    assert replace(one, problems=()) == whole


def test_upstream_calls_that_do_not_add_up_leave_nothing_reliable() -> None:
    raw = steady()
    one = judged(raw, STEADY, calls=len(raw.status) - 1).measurement
    assert problem_names(one) == ["upstream calls"]
    assert one.outcome == "invalid"
    assert reliable(one) == set()


def test_an_upstream_that_is_late_leaves_no_latency() -> None:
    one = judged(steady(), STEADY, delay_error_s=0.006).measurement
    assert problem_names(one) == ["upstream late"]
    assert reliable(one) == {"throughput", "memory", "cpu", "errors"}


def test_steal_that_the_platform_does_not_report_is_not_zero() -> None:
    raw = samples(FLASK, TEN, seed=3)
    unknown = np.full(len(raw.cores_t_s), np.nan)
    one = judged(replace(raw, server_steal_s=unknown, load_steal_s=unknown)).measurement
    assert one.cpu is not None
    assert (one.cpu.server_steal, one.cpu.load_steal) == (None, None)
    assert one.outcome == "ok"


def test_a_sampler_that_read_nothing_in_the_window_is_an_error() -> None:
    late = WINDOW.end_s + 100
    with pytest.raises(ValueError, match="no memory reading"):
        judged(samples(FLASK, TEN, seed=3), window=Window(late, late, late + 1))
