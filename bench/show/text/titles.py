"""What loads, metrics and charts are called: an open load is never spoken of as a closed one."""

from collections.abc import Mapping, Sequence
from typing import Literal

from bench.judge.cell.metrics import METRICS, Metric
from bench.model.config import Closed, Load, Open
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.markdown import listed
from bench.units import offered, tick, users

Model = Literal["closed", "open"]

AXES: Mapping[Model, str] = {"closed": "users", "open": "requests/s offered"}

_METRICS: Mapping[tuple[Model, str], str] = {
    ("closed", "p95"): "P95 at saturation",
    ("open", "throughput"): "achieved rate",
}
_HEADERS: Mapping[tuple[Model, str], str] = {("open", "throughput"): "achieved"}
_CHARTS: Mapping[tuple[Model, str], str] = {
    ("closed", "throughput"): "Throughput",
    ("open", "throughput"): "Achieved rate",
    ("closed", "p95"): "P95 latency at saturation",
    ("open", "p95"): "P95 latency",
    ("closed", "cpu"): "CPU per request",
    ("open", "cpu"): "CPU per request",
}
_AGAINST: Mapping[Model, str] = {"closed": "users", "open": "offered rate"}
# Closed loads show what a stack is capable of, open ones what a visitor waits.
_CHARTED: Mapping[str, tuple[Model, Model]] = {
    "throughput": ("closed", "open"),
    "p95": ("open", "closed"),
    "memory": ("closed", "open"),
    "cpu": ("closed", "open"),
}


def load_title(load: Load) -> str:
    """A load and its model: `100 users (closed)`, `100/s (open)` or `100/s (open, Poisson)`."""
    if isinstance(load, Closed):
        return f"{users(load.users)} (closed)"
    return f"{offered(load.rate_rps)} (open{', Poisson' if load.arrivals == 'poisson' else ''})"


def metric_title(metric: Metric, model: Model) -> str:
    """What a metric is called under loads of this model."""
    return _METRICS.get((model, metric.name), metric.title)


def headers(run: Run, model: Model) -> tuple[str, ...]:
    """The heads of the metrics' columns; that of memory says which kind it is."""
    memory = f"memory, {memory_kind(run)}"
    return tuple(
        memory if metric.figure == "memory" else _HEADERS.get((model, metric.name), metric_title(metric, model))
        for metric in METRICS
    )


def under(loads: Sequence[Load]) -> str:
    """Under which loads, as part of a sentence: `with 10 and 100 users`, `at 100/s`."""
    closed = [load.users for load in loads if isinstance(load, Closed)]
    said = [load_name(load) for load in loads if isinstance(load, Open)]
    parts = []
    if closed:
        parts.append(f"with {listed([tick(number) for number in closed])} user{'' if closed == [1] else 's'}")
    if said:
        parts.append(f"at {listed(said)}")
    return " and ".join(parts)


def models(run: Run) -> tuple[Model, ...]:
    """The load models that it was measured under; where it has no cell, those that were planned."""
    loads = [cell.load for cell in run.cells] or [load for own in run.config.profile.loads.values() for load in own]
    return tuple(model for model in AXES if any(load.model == model for load in loads))


def charted(run: Run, metric: Metric) -> Model:
    """The load model whose figures the metric's chart shows: its own, or the other where the run has none of it."""
    first, other = _CHARTED[metric.name]
    return first if first in models(run) else other


def memory_kind(run: Run) -> str:
    """Which memory is shown: PSS, or USS where the machine has no PSS."""
    return "PSS" if run.machine.has_pss else "USS"


def charted_title(run: Run, metric: Metric, model: Model) -> str:
    """What the metric is called under loads of this model where a title or a sentence begins with it."""
    return _CHARTS.get((model, metric.name), f"Memory ({memory_kind(run)})")


def chart_title(run: Run, metric: Metric, model: Model) -> str:
    """The title of the metric's chart under loads of this model: `P95 latency against offered rate`."""
    return f"{charted_title(run, metric, model)} against {_AGAINST[model]}"
