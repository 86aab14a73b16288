from dataclasses import asdict, replace
from typing import get_args

import pytest

from bench.judge.cell.metrics import BY_NAME, ERRORS, FIGURES, LATENCIES, METRICS, PAIRED, UNPAIRED, Metric, Model
from bench.model.cell import Distribution, Measurement, Problem, Requests, SliceFigures
from tests.unit.builders import cell, changed

EVERY = tuple(dict.fromkeys((*METRICS, *UNPAIRED.values(), *PAIRED.values())))
MODELS: tuple[Model, ...] = get_args(Model)
LATE = Problem("upstream late", "off by 6 ms", ("latency",))
FAILING = Problem("service errors", "2 % of the requests failed", ("latency", "cpu"))


def test_a_metric_has_no_value_where_a_problem_makes_it_unreliable() -> None:
    one = cell(problems=(LATE,)).measurement
    assert BY_NAME["p95"].value(one) is None
    assert BY_NAME["p95"].void(one) == "off by 6 ms"
    assert BY_NAME["p95"].read(one) == 0.1
    assert BY_NAME["throughput"].value(one) == 100.0
    assert BY_NAME["throughput"].void(one) is None


def test_the_reason_is_the_first_problem_that_makes_the_metric_unreliable_of_the_names_asked_for() -> None:
    one = cell(problems=(LATE, FAILING)).measurement
    assert BY_NAME["p95"].void(one) == LATE.detail
    assert BY_NAME["p95"].void(one, {"service errors"}) == FAILING.detail
    assert BY_NAME["p95"].void(one, set()) is None
    assert BY_NAME["cpu"].void(one) == FAILING.detail


def test_a_failed_measurement_has_no_value_of_any_metric() -> None:
    bare = changed(cell(), requests=None, throughput_rps=None, latency_s=None, memory=None, cpu=None).measurement
    assert [metric.value(bare) for metric in (*UNPAIRED.values(), *PAIRED.values())] == [None] * 14


SLICES = [(10.0, 0.1), (20.0, None), (None, 0.3), (60.0, 0.5)]


def test_the_mean_and_the_median_of_slices_are_those_of_the_slices_that_have_the_figure() -> None:
    one = Measurement("ok", slices=tuple(SliceFigures(rate, None, cost, cost, 0.0) for rate, cost in SLICES))
    names = ("throughput_mean", "cpu_mean", "tail", "tail_mean")
    assert [PAIRED[name].value(one) for name in names] == pytest.approx([30.0, 0.3, 0.3, 0.3])
    tails = Measurement("ok", slices=tuple(SliceFigures(None, None, None, share, 0.0) for share in (0.0, 0.0, 0.3)))
    assert [PAIRED[name].value(tails) for name in ("tail", "tail_mean")] == [0.0, pytest.approx(0.1)]
    assert [PAIRED[name].value(tails) for name in ("throughput_mean", "cpu_mean")] == [None, None]


def test_a_mean_is_called_so_and_has_the_noise_and_the_tolerance_of_its_metric() -> None:
    for name in ("throughput", "cpu", "tail"):
        mean, metric = PAIRED[f"{name}_mean"], PAIRED[name]
        tolerance = 0.01 if name == "tail" else metric.tolerance  # a garbage collection makes many requests slow
        assert (mean.noise, mean.tolerance, mean.better) == (metric.noise, tolerance, metric.better)
        assert (mean.title, mean.closed.title) == (f"mean {metric.title}", f"mean {metric.closed.title}")


def test_memory_is_uss_where_the_platform_has_no_pss() -> None:
    assert BY_NAME["memory"].value(cell(pss_bytes=None).measurement) == 45_000_000


@pytest.mark.parametrize(
    ("requests", "share"),
    [
        (Requests(100, 0, 0, 0, {}), 0.0),
        (Requests(60, 20, 15, 5, {}, unsent=900), 0.4),
        (Requests(0, 0, 0, 3, {}), 1.0),
        (Requests(0, 0, 0, 0, {}, unsent=3), None),
    ],
    ids=["all answered", "errors, timeouts and drops", "all dropped", "nothing sent"],
)
def test_failed_requests_are_a_share_of_those_that_the_service_was_offered(
    requests: Requests, share: float | None
) -> None:
    assert ERRORS.value(changed(cell(), requests=requests).measurement) == share


def test_every_table_has_the_same_metrics_by_their_names() -> None:
    assert list(BY_NAME) == [metric.name for metric in METRICS]
    assert list(UNPAIRED) == [*BY_NAME, "errors"]
    assert list(PAIRED) == [*UNPAIRED, "throughput_mean", "cpu_mean", "tail", "tail_mean"]
    for table in (BY_NAME, UNPAIRED, PAIRED):
        assert all(metric.name == name for name, metric in table.items())


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


def test_other_figures_of_the_latency_are_read_from_it_and_are_as_reliable_as_p95() -> None:
    latency_s = Distribution(mean=0.1, p50=0.2, p90=0.3, p95=0.4, p99=0.5, max=0.6)
    one = Measurement("ok", latency_s=latency_s)
    assert [metric.read(one) for metric in LATENCIES] == [0.2, 0.4, 0.5, 0.6]
    late = replace(one, problems=(Problem("upstream late", "off by 6 ms", ("latency",)),))
    assert [metric.value(late) for metric in LATENCIES] == [None] * 4
    assert [metric.closed.header for metric in LATENCIES[:3]] == [f"P{n} at saturation" for n in (50, 95, 99)]
    assert len({metric.name for metric in FIGURES}) == len(FIGURES) == len(METRICS) + 3


def test_every_metric_of_the_report_is_drawn_and_no_two_charts_have_one_name() -> None:
    assert all(metric.charts and metric.charts[0][1] == metric.name for metric in METRICS)
    names = [name for metric in METRICS for _, name in metric.charts]
    assert len(names) == len(set(names))
