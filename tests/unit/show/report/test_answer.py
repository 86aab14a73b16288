import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell.kinds import EVERYTHING
from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, CellKey, Limit, Measurement, Problem
from bench.model.config import Closed, Load, Open, Plan
from bench.model.samples import Samples
from bench.reading import read_run
from bench.show.report.answer import Answer, answer
from tests.unit.builders import FASTAPI, FLASK, SYNC, Shape, broken, cell, changed, failed, plan, run_of, save

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
    assert found.sentences == (
        "On weather with 10 users, flask had memory 50.0 MB (50.0\u201350.0) and CPU per request 1.00 ms "
        "(1.00\u20131.00); unreliable: throughput and P95 at saturation (generator late: by 9 ms).",
    )


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


def failing(one: Cell, share: int = 97) -> Cell:
    return broken(one, ok=100 - share, errors={"status 503": share})


def test_a_stack_that_fails_is_the_first_thing_that_is_said_and_nothing_is_said_to_limit_it() -> None:
    cells = [*pair(Closed(users=10)), *(failing(cell("sync", 10, n, throughput_rps=3.0)) for n in (1, 2, 3))]
    found = said(cells)
    assert found.sentences[0] == "sync answered 97.0 % of the requests with status 503."
    assert not any("sync" in one for one in (*found.sentences[1:], *found.limits))


def test_where_a_stack_fails_at_some_loads_only_these_are_named() -> None:
    cells = [
        *pair(Closed(users=10)),
        *pair(RATE),
        failing(cell("flask", 100), 40),
        failing(cell("flask", scenario="health")),
    ]
    found = said(cells)
    assert found.sentences[0] == (
        "On weather with 100 users and on health with 10 users, flask answered 68.5 % of the requests with status 503."
    )
    assert not any("not saturated" in one for one in found.sentences if "flask" in one)


def test_a_ratio_of_a_stack_that_failed_says_so() -> None:
    cells = [
        one for n in (1, 2, 3) for one in (cell("flask", 10, n), failing(cell("fast", 10, n, throughput_rps=200.0), 40))
    ]
    assert said(cells).sentences[:2] == (
        "fast answered 40.0 % of the requests with status 503.",
        "On weather with 10 users, fast served 2.00\u00d7 (2.00\u20132.00) the requests/s of flask "
        "(fast failed 40.0 % of the requests).",
    )


def test_a_stack_that_died_at_a_higher_load_is_said_to_have_and_not_to_be_unsaturated() -> None:
    key = CellKey("sync", "weather", Closed(users=100), 1, 0)
    assert said([cell("sync", 10), failed(key)]).sentences == (
        "On weather with 100 users, sync could not be measured: start server: the server did not become ready in 30 s.",
        "On weather with 10 users, sync had throughput 100/s, P95 at saturation 100 ms, memory 50.0 MB and CPU per "
        "request 1.00 ms.",
    )
    some = said([cell("sync", 100, 2), cell("sync", 100, 3), failed(key)]).sentences
    assert some[0].startswith("On weather with 100 users, sync could not be measured in 1 of 3 rounds: start server: ")
    assert not any("saturated" in one for one in some)


ALONE = plan({"flask": Shape(1)}, {"weather": ()}, rates={"weather": (100.0,)}, rounds=1)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            [cell("flask", load=RATE)],
            "On weather at 100/s, flask had achieved rate 100/s, P95 100 ms, memory 50.0 MB and CPU per request "
            "1.00 ms.",
        ),
        (
            [cell("flask", load=RATE, problems=(LATE,))],
            "On weather at 100/s, flask had achieved rate 100/s, memory 50.0 MB and CPU per request 1.00 ms; "
            "unreliable: P95 (upstream late: off by 6 ms).",
        ),
        (
            [cell("flask", load=RATE, problems=(Problem("upstream calls", "7 too many", EVERYTHING),))],
            "On weather at 100/s, no figure of flask is reliable: upstream calls: 7 too many.",
        ),
        (
            [broken(cell("flask", load=RATE), ok=0, timeouts=100)],
            "flask served nothing: it failed 100 % of the requests (timeout).",
        ),
        (
            [failed(CellKey("flask", "weather", RATE, 1, 0))],
            "On weather at 100/s, flask could not be measured: start server: the server did not become ready in 30 s.",
        ),
        ([], "Nothing was measured."),
    ],
)
def test_a_single_stack_under_a_single_open_loop_load_has_an_answer(cells: list[Cell], sentence: str) -> None:
    assert said(cells, ALONE).sentences == (sentence,)


def test_a_stack_that_is_not_one_of_the_pair_has_its_figures_told() -> None:
    cells = [*pair(RATE), *(cell("sync", load=RATE, number=n) for n in (1, 2, 3))]
    assert (
        said(cells).sentences[-1].startswith("On weather at 100/s, sync had achieved rate 100/s (100\u2013100), P95 ")
    )


PROBLEMS = st.lists(st.sampled_from([LATE, Problem("users idle", "half", EVERYTHING)]), max_size=1)


@given(
    st.lists(st.tuples(st.sampled_from(PLAN.profile.stacks), st.booleans(), st.integers(0, 4), PROBLEMS), min_size=1)
)
def test_no_answer_is_empty_and_it_names_every_stack(made: list[tuple[str, bool, int, list[Problem]]]) -> None:
    cells = []
    for number, (stack, is_open, kind, problems) in enumerate(made, 1):
        load: Load = RATE if is_open else Closed(users=10)
        one = cell(stack, number=number, load=load, problems=tuple(problems))
        died = failed(CellKey(stack, "weather", load, number, 0))
        cells.append([one, failing(one), failing(one, 2), broken(one, ok=0), died][kind])
    told = " ".join(said(cells).sentences)
    assert {stack for stack, *_ in made} == {stack for stack in PLAN.profile.stacks if stack in told}


def test_a_stack_that_fails_in_its_raw_samples_has_an_answer_and_a_ratio_of_throughput_alone(tmp_path: Path) -> None:
    shapes = {"flask": FLASK, "falim": FASTAPI}
    planned = plan(shapes, {"weather": (10,)})

    def fail(key: CellKey, raw: Samples) -> Samples:
        turn = np.arange(len(raw.status)) % 100
        return raw if key.stack == "flask" else replace(raw, status=np.where(turn < 97, -503, raw.status))

    save(tmp_path, planned, shapes, change=fail)
    run = read_run(tmp_path).run
    found = ratios(run.cells, planned)
    told = answer(run, rows(run.cells, planned), found)
    assert re.fullmatch(r"falim answered 9[67]\.[0-9] % of the requests with status 503\.", told.sentences[0])
    assert [one.metric for one in found] == ["throughput"]
    assert re.search(r" the requests/s of flask \(falim failed 9[67]\.[0-9] % of the requests\)\.$", told.sentences[1])


def test_what_is_not_known_to_limit_a_stack_is_said_so() -> None:
    cells = [cell("flask", limit="not known", number=number) for number in (1, 2, 3)]
    sentences = answer(run_of(PLAN, tuple(cells)), rows(cells, PLAN), ()).sentences
    assert "On weather, what limits flask (100/s with 10 users) is not known." in sentences
