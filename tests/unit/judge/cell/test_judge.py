from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.judge import judge_cell
from bench.judge.cell.metrics import METRICS
from bench.model.cell import Bound, Cell, CellKey
from bench.model.config import Closed, Load, Open
from bench.model.samples import Samples
from bench.record.store import load_samples, save_samples
from tests.unit.builders import FASTAPI, FLASK, HOLD_S, PROBE, SYNC, WINDOW, plan, samples, served

SHAPES = {"flask": FLASK, "loop": FASTAPI, "sync": SYNC}
PLAN = plan(SHAPES, {"weather": (10,)}, rates={"weather": (200.0,)})
TEN = Closed(users=10)
STEADY = Open(rate_rps=200.0, arrivals="fixed", max_in_flight=500)
POISSON = replace(STEADY, arrivals="poisson")


def judged(
    raw: Samples, load: Load = TEN, stack: str = "flask", *, delay_error_s: float = 0.001, answered: int = 1000
) -> Cell:
    called = int((~np.isin(raw.status, (DROPPED, UNSENT))).sum())
    return judge_cell(
        CellKey(stack, "weather", load, 1, 0),
        PLAN.stacks[stack],
        PLAN.scenarios["weather"],
        raw,
        replace(WINDOW, answered=answered),
        served(called, delay_error_s),
        PROBE,
        server_cpus=1,
        load_cpus=1,
    )


def steady(status: int = 200, share: float = 0.0) -> Samples:
    """An open load of 200/s; so much of it, evenly spread, ended with another status."""
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


def left(cell: Cell) -> set[str]:
    """The metrics that the cell has a value of."""
    return {metric.name for metric in METRICS if metric.value(cell) is not None}


def names(cell: Cell) -> list[str]:
    return [problem.name for problem in cell.problems]


@pytest.mark.parametrize("load", [TEN, STEADY])
def test_samples_come_back_as_they_were_written(tmp_path: Path, load: Load) -> None:
    raw = samples(FLASK, load, seed=3)
    cell = replace(judged(raw, load), samples=save_samples(tmp_path, 0, raw))
    assert replace(judged(load_samples(tmp_path, cell), load), samples=cell.samples) == cell


def test_a_cell_has_every_figure_of_a_healthy_server() -> None:
    cell = judged(samples(FLASK, TEN, seed=3))
    assert cell.outcome == "ok"
    assert cell.problems == ()
    assert cell.throughput_rps == pytest.approx(476, rel=0.05)
    assert cell.latency_s is not None
    assert cell.latency_s.p50 == pytest.approx(0.021, rel=0.05)
    assert cell.cpu is not None
    assert cell.cpu.server_s_per_request == pytest.approx(FLASK.cpu_s, rel=0.02)
    assert cell.cpu.server_steal == pytest.approx(0.02)
    assert cell.cpu.load_steal == pytest.approx(0.01)
    assert cell.heartbeat_s is not None
    assert cell.heartbeat_s.p99 == pytest.approx(0.0003)
    assert cell.probe == PROBE
    assert cell.lag_s is None
    assert cell.samples is None
    assert left(cell) == {metric.name for metric in METRICS}


def test_an_open_cell_has_its_lag_too_and_nothing_binds_below_its_capacity() -> None:
    cell = judged(steady(), STEADY)
    assert cell.outcome == "ok"
    assert cell.problems == ()
    assert cell.throughput_rps == pytest.approx(200, rel=0.03)
    assert cell.latency_s is not None
    assert cell.latency_s.p50 == pytest.approx(HOLD_S * 1.05, rel=0.05)
    assert cell.lag_s is not None
    assert cell.lag_s.p99 == pytest.approx(1e-5, rel=0.01)
    assert cell.requests is not None
    assert cell.requests.dropped == 0
    assert cell.ceiling is not None
    assert cell.ceiling.bound == "nothing"
    assert left(cell) == {metric.name for metric in METRICS}


def test_dropped_arrivals_cost_an_open_cell_its_latency_alone() -> None:
    whole, cell = judged(steady(), STEADY), judged(steady(DROPPED, 0.1), STEADY)
    assert names(cell) == ["arrivals dropped"]
    assert cell.outcome == "ok"
    assert left(cell) == {"throughput", "memory", "cpu"}
    assert cell.requests is not None
    assert (cell.requests.ok, cell.requests.errors, cell.requests.timeouts, cell.requests.dropped) == (180, 0, 0, 20)
    assert cell.requests.by_error == {}
    assert cell.latency_s is not None
    assert cell.latency_s.p95 == 30.0
    assert whole.cpu is not None
    assert cell.cpu is not None
    assert whole.cpu.server_s_per_request is not None
    assert cell.cpu.server_s_per_request == pytest.approx(whole.cpu.server_s_per_request / 0.9, rel=0.02)


def test_a_schedule_that_was_not_sent_makes_an_open_cell_invalid() -> None:
    cell = judged(steady(UNSENT, 0.1), STEADY)
    assert names(cell) == ["arrivals not sent"]
    assert cell.outcome == "invalid"
    assert left(cell) == {"memory", "cpu"}
    assert cell.latency_s is not None
    assert cell.latency_s.max < 0.1  # of those that were sent
    assert cell.ceiling is not None
    assert cell.ceiling.bound == "generator"


@pytest.mark.parametrize("load", [STEADY, POISSON])
def test_a_driver_that_died_is_the_generators_fault_and_not_the_services(load: Open) -> None:
    raw = steady()
    early = raw.scheduled_s < WINDOW.start_s
    columns = ("scheduled_s", "sent_s", "done_s", "status", "bytes", "arm", "route", "slice")
    cell = judged(replace(raw, **{name: getattr(raw, name)[early] for name in columns}), load)
    assert names(cell) == ["arrivals not sent"]
    assert cell.outcome == "invalid"
    assert cell.latency_s is None


def test_a_generator_that_came_to_none_of_its_schedule_is_not_the_services_fault_either() -> None:
    assert names(judged(steady(UNSENT, 1.0), STEADY)) == ["arrivals not sent"]


def test_timeouts_degrade_an_open_cell_and_are_told_as_its_p95() -> None:
    cell = judged(steady(TIMEOUT, 0.1), STEADY)
    assert names(cell) == ["service errors"]
    assert cell.outcome == "degraded"
    assert left(cell) == {"throughput", "memory"}
    assert "P95 is at least the timeout" in cell.problems[0].detail


def test_an_open_load_sent_late_has_no_latency() -> None:
    raw = steady()
    cell = judged(replace(raw, sent_s=raw.scheduled_s + 0.006), STEADY)
    assert names(cell) == ["generator late"]
    assert left(cell) == {"throughput", "memory", "cpu"}


def test_the_timeouts_of_a_failing_service_do_not_allow_the_generator_to_be_later() -> None:
    raw = steady()
    status = np.where(np.arange(len(raw.status)) % 3, TIMEOUT, 200)
    failing = judged(replace(raw, status=status, sent_s=raw.scheduled_s + 0.006), STEADY)
    assert failing.latency_s is not None
    assert failing.latency_s.p50 == 30.0
    assert names(failing) == ["service errors", "generator late"]


def test_a_server_that_falls_behind_an_open_load_has_no_latency() -> None:
    raw = steady()
    waits_s = np.maximum(raw.scheduled_s - WINDOW.start_s, 0) * 0.2  # it manages five of six
    cell = judged(replace(raw, done_s=raw.done_s + waits_s), STEADY)
    assert names(cell) == ["falling behind"]
    assert left(cell) == {"throughput", "memory", "cpu"}


@pytest.mark.parametrize(("load", "found"), [(STEADY, ["falling behind"]), (POISSON, [])])
def test_the_queue_of_poisson_arrivals_may_grow_by_what_chance_makes_of_their_service_time(
    load: Open, found: list[str]
) -> None:
    raw = steady()
    under_way = int(((raw.scheduled_s < WINDOW.start_s) & (raw.done_s >= WINDOW.start_s)).sum())
    last = np.flatnonzero(raw.scheduled_s < WINDOW.end_s)[-(under_way + 13) :]
    done_s = raw.done_s.copy()
    done_s[last] = WINDOW.end_s + 0.01
    # 13 of 200 more: beyond 5 %, and within 2 x sqrt(2 x 200/s x 21 ms) = 5.8 beyond that.
    assert names(judged(replace(raw, done_s=done_s), load)) == found


@pytest.mark.parametrize(("steal", "bound"), [(0.0, "nothing"), (0.05, "nothing"), (0.1, "server cpu")])
def test_a_server_is_full_where_it_used_all_that_the_hypervisor_left_it(steal: float, bound: Bound) -> None:
    raw = samples(FLASK, TEN, seed=3)
    stolen = replace(raw, server_steal_s=raw.mem_t_s * steal)
    used = judged(stolen).cpu
    assert used is not None
    more = 0.88 / used.server_cores
    cell = judged(replace(stolen, cpu_user_s=raw.cpu_user_s * more, cpu_system_s=raw.cpu_system_s * more))
    assert cell.ceiling is not None
    assert cell.ceiling.bound == bound
    assert ("97.8 % busy" in cell.ceiling.why) is (bound == "server cpu")


@pytest.mark.parametrize("load", [TEN, STEADY])
def test_a_stalled_generator_leaves_no_latency_under_either_load(load: Load) -> None:
    raw = samples(FLASK, load, seed=3)
    late_s = raw.beat_late_s.copy()
    late_s[::20] = 0.006
    cell = judged(replace(raw, beat_late_s=late_s), load)
    assert names(cell) == ["generator stalled"]
    assert left(cell) == {"throughput", "memory", "cpu"}


def test_a_closed_load_is_asked_for_idle_and_unanswered_users_and_not_for_a_schedule() -> None:
    raw = samples(FLASK, TEN, seed=3)
    late = replace(raw, sent_s=np.minimum(raw.scheduled_s + 0.006, raw.done_s))
    assert names(judged(late)) == ["users idle"]
    few = Closed(users=9)
    assert names(judged(raw, few)) == []
    many = Closed(users=500)
    assert names(judged(raw, many, answered=499)) == ["users unanswered", "users idle"]


def test_an_open_load_is_not_asked_for_users() -> None:
    raw = samples(FLASK, replace(STEADY, rate_rps=20.0), seed=3)
    assert judged(raw, replace(STEADY, rate_rps=20.0)).problems == ()


def test_upstream_calls_that_do_not_add_up_leave_nothing() -> None:
    raw = steady()
    cell = judge_cell(
        CellKey("flask", "weather", STEADY, 1, 0), PLAN.stacks["flask"], PLAN.scenarios["weather"], raw, WINDOW,
        served(len(raw.status) - 1), PROBE, server_cpus=1, load_cpus=1,
    )  # fmt: skip
    assert names(cell) == ["upstream calls"]
    assert cell.outcome == "invalid"
    assert left(cell) == set()


def test_an_upstream_that_is_late_leaves_no_latency() -> None:
    cell = judged(steady(), STEADY, delay_error_s=0.006)
    assert names(cell) == ["upstream late"]
    assert left(cell) == {"throughput", "memory", "cpu"}


def test_steal_that_the_machine_does_not_tell_is_not_zero() -> None:
    raw = samples(FLASK, TEN, seed=3)
    unknown = np.full(len(raw.mem_t_s), np.nan)
    cell = judged(replace(raw, server_steal_s=unknown, load_steal_s=unknown))
    assert cell.cpu is not None
    assert (cell.cpu.server_steal, cell.cpu.load_steal) == (None, None)
    assert cell.outcome == "ok"


def test_a_sampler_that_read_nothing_is_an_error() -> None:
    raw = samples(FLASK, TEN, seed=3)
    late = WINDOW.end_s + 100
    with pytest.raises(ValueError, match="no memory reading"):
        judge_cell(
            CellKey("flask", "weather", TEN, 1, 0),
            PLAN.stacks["flask"],
            PLAN.scenarios["weather"],
            raw,
            type(WINDOW)(late, late, late + 1),
            served(len(raw.status)),
            PROBE,
            server_cpus=1,
            load_cpus=1,
        )
