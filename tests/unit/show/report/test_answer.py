from collections.abc import Sequence

import pytest

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Limit, Measurement, Problem
from bench.model.config import Closed, Load, Open, Plan
from bench.show.report.answer import Answer, answer
from tests.unit.builders import SYNC, Shape, cell, changed, plan, run_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
PLAN = plan(
    {"flask": Shape(1), "fast": Shape(1), "sync": SYNC},
    {"weather": (10, 100), "health": (10,)},
    rates={"weather": (100.0,)},
)


def said(cells: Sequence[Cell], planned: Plan = PLAN) -> Answer:
    run = run_of(planned, tuple(cells))
    return answer(run, rows(run.cells, planned), ratios(run.cells, planned))


def pair(
    load: Load, scenario: str = "weather", *, times: float = 0.5, limit: Limit = "nothing", rounds: int = 3
) -> list[Cell]:
    """CPU per request is `times` that of flask, throughput noisy, memory the same, P95 four times."""
    return [
        one
        for n in range(1, rounds + 1)
        for one in (
            cell("flask", 0, n, load=load, scenario=scenario, p95_s=0.1, cpu_s=0.002 + n / 1e6, limit=limit),
            cell(
                "fast", 0, n, load=load, scenario=scenario, throughput_rps=80.0 + 10 * n, p95_s=0.4,
                cpu_s=0.002 * times, limit=limit,
            ),
        )
    ]  # fmt: skip


def test_the_two_stacks_are_compared_with_intervals_in_one_sentence_for_each_model() -> None:
    found = said([*pair(Closed(users=10)), *pair(RATE)])
    assert found.sentences[:2] == (
        "On weather with 10 users, fast had 4.00\u00d7 (4.00\u20134.00) the P95 at saturation of flask and used "
        "0.50\u00d7 (0.50\u20130.50) the CPU per request, at the same memory.",
        "On weather at 100/s, fast had 4.00\u00d7 (4.00\u20134.00) the P95 of flask and used 0.50\u00d7 "
        "(0.50\u20130.50) the CPU per request, at the same memory.",
    )


def test_the_highest_load_speaks_whatever_it_says() -> None:
    found = said([*pair(Closed(users=10)), *(cell(name, 100, n) for name in ("flask", "fast") for n in (1, 2))])
    assert found.sentences[0].startswith("On weather with 100 users, fast and flask had the same")
    found = said([*pair(Closed(users=100)), *pair(Closed(users=10), times=0.25)])
    assert "0.50\u00d7" in found.sentences[0]


def test_the_first_scenario_that_has_a_ratio_speaks() -> None:
    found = said([*pair(Closed(users=10)), *pair(Closed(users=10), "health", times=0.25)])
    assert found.sentences[0].startswith("On weather with 10 users, fast had")
    found = said(pair(Closed(users=10), "health"))
    assert found.sentences[0].startswith("On health with 10 users, fast had")


def test_where_nothing_differs_it_says_so() -> None:
    same = [cell(name, 10, n) for name in ("flask", "fast") for n in (1, 2, 3)]
    assert said(same).sentences[0] == (
        "On weather with 10 users, flask and fast had the same throughput, P95 at saturation, memory and CPU per "
        "request.".replace("flask and fast", "fast and flask")
    )
    once = [cell(name, 10, 1) for name in ("flask", "fast")]
    assert said(once).sentences[0] == "On weather with 10 users, no difference between fast and flask was shown."


def test_metrics_with_one_verb_are_one_clause() -> None:
    cells = [
        one
        for n in (1, 2, 3)
        for one in (
            cell("flask", 10, n, throughput_rps=100.0, p95_s=0.1, pss_bytes=10**7, cpu_s=0.002),
            cell("fast", 10, n, throughput_rps=200.0, p95_s=0.2, pss_bytes=2 * 10**7, cpu_s=0.001),
        )
    ]
    assert said(cells).sentences[0] == (
        "On weather with 10 users, fast served 2.00\u00d7 (2.00\u20132.00) the requests/s of flask, had 2.00\u00d7 "
        "(2.00\u20132.00) the P95 at saturation, and used 2.00\u00d7 (2.00\u20132.00) the memory and 0.50\u00d7 "
        "(0.50\u20130.50) the CPU per request."
    )


def test_the_bottleneck_of_each_stack_is_named_at_its_highest_load() -> None:
    cells = [
        *pair(Closed(users=10)),
        *pair(Closed(users=100), limit="server cpu"),
        *(cell("sync", 10, n, throughput_rps=190.0, limit="slots") for n in (1, 2, 3)),
    ]
    assert said(cells).sentences[-2:] == (
        "On weather, flask (100/s with 100 users) and fast (99.7/s with 100 users) are limited by the server's CPU.",
        "On weather, sync is limited by its 4 worker slots (190/s with 10 users; slots allow 200/s).",
    )


def test_a_stack_that_no_load_saturates_is_said_to_be_so() -> None:
    assert said([cell("flask", 10, n) for n in (1, 2, 3)]).sentences == (
        "On weather, flask is not saturated (100/s with 10 users).",
    )


def test_a_stack_whose_throughput_is_unreliable_has_no_bottleneck() -> None:
    spoilt = Problem("generator late", "by 9 ms", ("throughput", "latency"))
    found = said([cell("flask", 10, n, problems=(spoilt,)) for n in (1, 2, 3)])
    assert not any("flask" in one for one in found.sentences)


def test_what_cannot_be_concluded_is_told_with_its_reason() -> None:
    limits = said(pair(Closed(users=10))).limits
    assert "No difference was shown: weather, 10 users (throughput)." in limits
    closed = "All loads were closed-loop, and closed-loop loads do not measure latency at a given arrival rate."
    assert closed in limits
    assert "On weather no load saturated flask and fast, so their maximum throughput is unknown." in limits
    assert "The server had one core, so the run does not show how stacks use more cores." in limits
    assert any(one.startswith("The run ended early: ") for one in limits)


@pytest.mark.parametrize(
    ("cells", "limit"),
    [
        (pair(Closed(users=10), rounds=1), "A single round has no interval, so this run cannot show a difference."),
        (
            pair(RATE),
            "All loads were open-loop, and open-loop loads do not measure how much a stack can serve.",
        ),
        (
            [cell("flask", 10, n) for n in (1, 2, 3)],
            "fast and flask were not measured under the same load, so there is no ratio.",
        ),
        (
            [changed(one, problems=(LATE,)) for one in pair(Closed(users=10))],
            "No ratio, because a value is unreliable or missing: weather, 10 users (P95 at saturation).",
        ),
        (
            [Cell("flask", "weather", Closed(users=10), 1, 0, (Measurement("failed", (Problem("failed", "gone"),)),))],
            "Measurements failed and have no values: flask on weather.",
        ),
    ],
)
def test_each_limit(cells: list[Cell], limit: str) -> None:
    assert limit in said(cells).limits


def test_without_two_stacks_to_compare_it_says_so_and_an_empty_run_has_an_answer_too() -> None:
    alone = plan({"flask": Shape(1)}, {"weather": (10,)})
    assert "The profile compares no two stacks, so there is no ratio." in said([], alone).limits
    assert said([], alone).sentences == ("Nothing was measured.",)
