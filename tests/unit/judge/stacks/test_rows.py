from dataclasses import replace

import pytest

from bench.judge.cell.metrics import BY_NAME, FIGURES, LATENCIES, MAXIMUM, P50, P95, P99
from bench.judge.stacks.rows import RowProblem, kept, rows, spread, unmeasured
from bench.judge.stats.intervals import Estimate
from bench.model.cell import Bottleneck, Cell, CellKey, Distribution, Limit, Problem
from bench.model.config import Closed, Open
from bench.model.loads import amount
from tests.unit.builders import FASTAPI, FLASK, SYNC, Shape, broken, cell, changed, failed, plan

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
PLAN = plan({"b": FLASK, "a": FASTAPI}, {"weather": (10, 100), "health": (10,)})


def test_rows_are_in_the_order_of_the_plan() -> None:
    cells = [
        cell("a", 10, scenario="health"),
        cell("a", 100),
        cell("b", 100),
        cell("a", 10),
        cell("b", 10),
    ]
    found = [(row.scenario, amount(row.load), row.stack) for row in rows(cells, PLAN)]
    assert found == [
        ("weather", 10, "b"),
        ("weather", 10, "a"),
        ("weather", 100, "b"),
        ("weather", 100, "a"),
        ("health", 10, "a"),
    ]


def test_closed_loop_loads_come_before_open_loop_ones_each_ascending() -> None:
    planned = plan({"b": FLASK, "a": FASTAPI}, {"weather": (10, 100)}, rates={"weather": (5.0, 50.0)})
    slow, fast = (Open(rate_rps=rate, arrivals="fixed", max_in_flight=500) for rate in (5.0, 50.0))
    cells = [cell(stack, load=load) for stack in ("a", "b") for load in (fast, Closed(users=100), slow)]
    found = [(row.load, row.stack) for row in rows(cells, planned)]
    assert found == [(load, stack) for load in (Closed(users=100), slow, fast) for stack in ("b", "a")]


def test_rounds_are_joined_in_their_order() -> None:
    cells = [cell("a", number=number, throughput_rps=rps) for number, rps in ((3, 400.0), (1, 100.0), (2, 200.0))]
    (row,) = rows(cells, PLAN)
    assert row.rounds == 3
    assert row.estimates["throughput"].values == (100.0, 200.0, 400.0)
    assert row.estimates["throughput"].mean == pytest.approx(200.0)


def test_an_unreliable_figure_of_one_round_leaves_the_other_rounds_and_has_its_reason() -> None:
    (row,) = rows([cell("a", number=1), cell("a", number=2, problems=(LATE,))], PLAN)
    assert row.estimates["p95"].values == (0.1,)
    assert row.voids == {
        metric.name: RowProblem("upstream late", "off by 6 ms", 1, 0.1) for metric in (P50, P95, P99, MAXIMUM)
    }
    assert row.problems == (RowProblem("upstream late", "off by 6 ms", 1),)
    assert len(row.estimates["throughput"].values) == 2


def test_an_unreliable_figure_has_its_value_in_the_first_round_that_lacks_it() -> None:
    slow = [cell("a", number=number, p95_s=p95_s, problems=(LATE,)) for number, p95_s in ((3, 0.9), (1, 0.3))]
    (row,) = rows([*slow, cell("a", number=2)], PLAN)
    assert row.voids["p95"] == RowProblem("upstream late", "off by 6 ms", 2, 0.3)


def test_each_limit_keeps_the_evidence_of_its_first_round() -> None:
    limits: tuple[Limit, ...] = ("server cpu", "nothing", "server cpu")
    cells = [
        changed(cell("a", number=number), bottleneck=Bottleneck(None, 0.1, 1.0, limit, f"round {number}"))
        for number, limit in enumerate(limits, 1)
    ]
    (row,) = rows([*cells, failed(CellKey("a", "weather", Closed(users=10), 4, 0))], PLAN)
    assert row.bottlenecks == {"server cpu": "round 1", "nothing": "round 2"}


def test_a_failed_round_has_no_figure_and_says_why() -> None:
    (row,) = rows([failed(CellKey("a", "weather", Closed(users=10), 1, 0), "no answer")], PLAN)
    assert row.estimates == {}
    assert row.outcomes == ("failed",)
    assert set(row.voids) == {metric.name for metric in FIGURES}
    assert row.voids["throughput"] == RowProblem("failed", "start server: no answer", 1)


def test_a_throughput_of_zero_has_no_estimate_and_is_reported() -> None:
    (row,) = rows([cell("a", number=1), cell("a", number=2, throughput_rps=0.0)], PLAN)
    assert "throughput" not in row.estimates
    assert row.voids["throughput"] == RowProblem("nothing served", "throughput was 0", 1)


def test_a_stack_does_not_get_loads_beyond_its_highest() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500), "health": (10,)}, max_users={"sync": 100})
    (one,) = kept(planned)
    assert (one.stack, one.scenario, one.loads, one.slots) == ("sync", "weather", (Closed(users=500),), 4)
    assert one.hold_s == 0.02
    assert one.slots_rps == pytest.approx(200.0)


def test_a_stack_does_not_get_rates_beyond_its_highest_either() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500)}, rates={"weather": (50.0, 250.0)})
    limited = replace(planned, profile=replace(planned.profile, max_users={"sync": 100}, max_rate_rps={"sync": 200.0}))
    beyond = Open(rate_rps=250.0, arrivals="fixed", max_in_flight=500)
    assert [one.loads for one in kept(limited)] == [(Closed(users=500), beyond)]
    missing = unmeasured((), limited)
    assert ("sync", "weather", beyond) not in missing
    assert ("loop", "weather", beyond) in missing
    assert len(missing) == 2 + 4


def test_loads_that_were_planned_and_not_recorded_are_listed_unless_they_are_beyond_the_highest_of_their_stack() -> (
    None
):
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 500)}, max_users={"sync": 100})
    found = rows([cell("sync", 10)], planned)
    assert unmeasured(found, planned) == (
        ("loop", "weather", Closed(users=10)),
        ("loop", "weather", Closed(users=500)),
    )


def test_the_spread_is_between_stacks_and_not_between_the_loads_of_one_stack() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100)})
    metric = BY_NAME["throughput"]
    alone = [cell("a", 10, throughput_rps=1.0), cell("a", 100, throughput_rps=50.0)]
    assert spread(rows(alone, planned), metric) == 1.0
    both = [*alone, cell("b", 10, throughput_rps=100.0)]
    assert spread(rows(both, planned), metric) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("name", "sound"), [("falling behind", 0), ("users unanswered", 0), ("generator stalled", 2), ("upstream late", 2)]
)
def test_the_other_rounds_are_not_used_where_the_service_itself_made_one_unreliable(name: str, sound: int) -> None:
    problem = Problem(name, "so it was", ("latency",))
    (row,) = rows([cell(number=1), cell(number=2, problems=(problem,)), cell(number=3)], PLAN)
    assert len(row.estimates["p95"].values if "p95" in row.estimates else ()) == sound
    assert row.voids["p95"].rounds == 1
    assert len(row.estimates["throughput"].values) == 3


def test_of_a_stack_that_failed_in_a_round_throughput_alone_can_be_compared() -> None:
    cells = [cell("a"), broken(cell("a", number=2, pss_bytes=70_000_000), ok=3, errors={"status 503": 97})]
    (row,) = rows(cells, PLAN)
    assert set(row.estimates) == {"throughput"}
    detail = "97.0 % of the requests failed: 97 x status 503; P95 is at least the timeout (30.0 s)"
    assert row.voids["memory"] == RowProblem("service errors", detail, 1, 70_000_000)
    assert {one.name for one in row.voids.values()} == {"service errors"}
    assert row.failures is not None
    assert (row.failures.asked, row.failures.failed) == (200, 97)
    (sound,) = rows([cell("a")], PLAN)
    assert sound.failures is None


def timed(number: int, p50_s: float, max_s: float, problems: tuple[Problem, ...] = ()) -> Cell:
    """A round with this median and maximum."""
    latency_s = Distribution(mean=0.1, p50=p50_s, p90=0.2, p95=0.3, p99=0.4, max=max_s)
    return changed(cell("a", number=number, problems=problems), latency_s=latency_s)


def test_percentiles_are_means_of_the_rounds_and_the_maximum_is_the_largest_of_them() -> None:
    (row,) = rows([timed(1, 0.1, 5.0), timed(2, 0.2, 9.0), timed(3, 0.4, 7.0)], PLAN)
    assert row.estimates["p50"].mean == pytest.approx(0.2)
    assert row.estimates["p50"].low is not None
    assert row.estimates["p99"].mean == pytest.approx(0.4)
    assert row.estimates["maximum"] == Estimate(9.0, None, None, (5.0, 9.0, 7.0))


def test_all_figures_of_the_latency_leave_out_the_rounds_that_p95_leaves_out() -> None:
    (row,) = rows([timed(1, 0.1, 5.0), timed(2, 0.2, 9.0, (LATE,))], PLAN)
    assert [row.estimates[metric.name].values for metric in LATENCIES] == [(0.1,), (0.3,), (0.4,), (5.0,)]
    assert [row.voids[metric.name].figure for metric in LATENCIES] == [0.2, 0.3, 0.4, 9.0]
    unsteady = Problem("unsteady", "the service's own doing", ("latency",))
    (row,) = rows([timed(1, 0.1, 5.0), timed(2, 0.2, 9.0, (unsteady,))], PLAN)
    assert set(row.estimates) == {"throughput", "memory", "cpu"}


def test_the_requests_of_all_rounds_are_counted_and_dropped_arrivals_failed() -> None:
    cells = [broken(cell("a"), ok=90, errors={"status 503": 4}, timeouts=1, dropped=5), cell("a", number=2)]
    (row,) = rows(cells, PLAN)
    assert (row.asked, row.failed, row.failed_share) == (200, 10, 0.05)
    (none,) = rows([failed(CellKey("a", "weather", Closed(users=10), 1, 0))], PLAN)
    assert (none.asked, none.failed, none.failed_share) == (0, 0, None)


LIMITED: tuple[tuple[Limit, ...], ...] = (("nothing",), ("slots",))


@pytest.mark.parametrize("limits", LIMITED)
def test_what_fails_or_died_is_not_known_to_be_limited_by_nothing(limits: tuple[Limit, ...]) -> None:
    known = () if limits == ("nothing",) else limits
    sound = cell("a", limit=limits[0])
    bad = broken(cell("a", number=2, limit=limits[0]), ok=3, errors={"status 503": 97})
    died = failed(CellKey("a", "weather", Closed(users=10), 2, 0))
    assert [rows(cells, PLAN)[0].limits for cells in ([sound], [bad], [sound, bad], [sound, died])] == [
        limits, known, known, known,
    ]  # fmt: skip
