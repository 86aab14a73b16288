from dataclasses import replace
from typing import get_args

import pytest

from bench.judge.cell.metrics import BY_NAME
from bench.model.cell import Limit
from bench.model.config import Closed, Load, Open
from bench.show.text.titles import (
    bottleneck,
    chart_title,
    charted,
    headers,
    limited,
    load_title,
    memory_kind,
    models,
    under,
)
from tests.unit.builders import Shape, cell, plan, run_of

RATES = [Open(rate_rps=rate, arrivals="fixed", max_in_flight=500) for rate in (100.0, 300.0)]
BOTH = run_of(plan({"a": Shape(1)}, {"weather": (10,)}, rates={"weather": (100.0,)}))


@pytest.mark.parametrize(
    ("loads", "said"),
    [
        ([Closed(users=1)], "with 1 user"),
        ([Closed(users=10), Closed(users=100), Closed(users=500)], "with 10, 100 and 500 users"),
        (RATES[:1], "at 100/s"),
        (RATES, "at 100/s and 300/s"),
        ([Closed(users=10), *RATES], "with 10 users and at 100/s and 300/s"),
    ],
)
def test_a_load_is_spoken_of_in_the_words_of_its_model(loads: list[Load], said: str) -> None:
    assert under(loads) == said


def test_a_run_has_the_load_models_of_its_cells_and_an_empty_one_those_of_its_plan() -> None:
    assert models(BOTH) == ("closed", "open")
    assert models(replace(BOTH, cells=(cell(load=RATES[0]),))) == ("open",)


def test_a_chart_is_of_the_load_model_that_suits_its_metric_or_else_of_the_other() -> None:
    closed, opened = replace(BOTH, cells=(cell(),)), replace(BOTH, cells=(cell(load=RATES[0]),))
    assert [charted(run, BY_NAME["cpu"]) for run in (BOTH, closed, opened)] == [
        (("closed", "cpu"),),
        (("closed", "cpu"),),
        (("open", "cpu"),),
    ]
    assert [charted(run, BY_NAME["p95"]) for run in (BOTH, closed, opened)] == [
        (("open", "p95"), ("closed", "p95-saturation")),
        (("closed", "p95"),),
        (("open", "p95"),),
    ]


def test_a_load_has_its_model_in_its_title() -> None:
    assert load_title(Closed(users=100)) == "100 users (closed-loop)"
    assert load_title(RATES[0]) == "100/s (open-loop)"
    assert load_title(replace(RATES[0], arrivals="poisson")) == "100/s (open-loop, Poisson)"


def test_columns_are_named_by_the_load_model() -> None:
    assert headers(BOTH, "closed") == ("throughput", "P95 at saturation", "memory, PSS", "CPU per request")
    assert headers(BOTH, "open") == ("achieved", "P95", "memory, PSS", "CPU per request")


@pytest.mark.parametrize(
    ("bounds", "slots", "said"),
    [
        (["slots"], 4, "limited by its 4 worker slots"),
        (["slots"], 1, "limited by its 1 worker slot"),
        (["slots"], None, "limited by a cap on concurrent requests"),
        (["server cpu"], None, "limited by the server's CPU"),
        (["server cpu", "upstream"], None, "limited by the server's CPU or the upstream"),
        (["nothing", "event loop"], None, "limited by a blocked event loop in some rounds"),
        (["nothing"], 4, "not saturated"),
    ],
)
def test_what_limits_a_stack_is_part_of_a_sentence(bounds: list[Limit], slots: int | None, said: str) -> None:
    stack = replace(BOTH.config.stacks["a"], slots=slots)
    assert limited(bounds, stack) == said


@pytest.mark.parametrize("bound", get_args(Limit))
def test_every_bottleneck_has_its_words(bound: Limit) -> None:
    assert bottleneck([bound])
    assert "{" not in limited([bound], BOTH.config.stacks["a"])


def test_a_chart_of_memory_says_which() -> None:
    assert chart_title(BOTH, BY_NAME["memory"], "closed") == "Memory (PSS) against users"
    without = replace(BOTH, machine=replace(BOTH.machine, has_pss=False))
    assert memory_kind(without) == "USS"
    assert chart_title(without, BY_NAME["memory"], "open") == "Memory (USS) against offered rate"
    assert chart_title(BOTH, BY_NAME["cpu"], "open") == "CPU per request against offered rate"
