from dataclasses import asdict
from typing import get_args

import pytest

from bench.judge.cell.metrics import BY_NAME, METRICS, PAIRED, UNPAIRED, Metric, Model
from bench.model.cell import Problem
from tests.unit.builders import cell

EVERY = tuple(dict.fromkeys((*METRICS, *UNPAIRED.values(), *PAIRED.values())))
MODELS: tuple[Model, ...] = get_args(Model)


def test_a_metric_has_no_value_where_a_problem_voids_it() -> None:
    spoiled = cell(problems=(Problem("late", "it was late", ("latency",)),))
    assert BY_NAME["p95"].value(spoiled) is None
    assert BY_NAME["p95"].void(spoiled) == "it was late"
    assert BY_NAME["throughput"].value(spoiled) == 100.0


def test_memory_is_uss_where_the_platform_has_no_pss() -> None:
    assert BY_NAME["memory"].value(cell(pss_bytes=None)) == 45_000_000


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.title)
def test_a_metric_has_all_its_words_under_either_load_model(metric: Metric, model: Model) -> None:
    words = asdict(metric.under(model))
    assert all(words.values())
    assert words["caution"].endswith(".")
    assert words["chart"][0].isupper()
    # Only what stands above a column or a chart may leave room for the kind of memory.
    assert not any("{" in words[name] for name in ("title", "verb", "noun", "caution"))
    assert {words[name].format(memory="PSS").count("{") for name in ("header", "chart")} == {0}


def test_every_metric_of_the_report_is_drawn_and_no_two_charts_have_one_name() -> None:
    assert all(metric.charts and metric.charts[0][1] == metric.name for metric in METRICS)
    names = [name for metric in METRICS for _, name in metric.charts]
    assert len(names) == len(set(names))
