from dataclasses import replace

import pytest

from bench.judge.cell.metrics import BY_NAME
from bench.model.config import Closed, Load, Open
from bench.show.text.titles import chart_title, charted, memory_kind, models, under
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


@pytest.mark.parametrize(("metric", "model"), [("throughput", "closed"), ("p95", "open"), ("cpu", "closed")])
def test_a_chart_is_of_the_load_model_that_suits_its_metric_or_else_of_the_other(metric: str, model: str) -> None:
    assert charted(BOTH, BY_NAME[metric]) == model
    assert charted(replace(BOTH, cells=(cell(),)), BY_NAME[metric]) == "closed"
    assert charted(replace(BOTH, cells=(cell(load=RATES[0]),)), BY_NAME[metric]) == "open"


def test_a_chart_of_memory_says_which() -> None:
    assert chart_title(BOTH, BY_NAME["memory"], "closed") == "Memory (PSS) against users"
    without = replace(BOTH, machine=replace(BOTH.machine, has_pss=False))
    assert memory_kind(without) == "USS"
    assert chart_title(without, BY_NAME["memory"], "open") == "Memory (USS) against offered rate"
    assert chart_title(BOTH, BY_NAME["cpu"], "open") == "CPU per request against offered rate"
