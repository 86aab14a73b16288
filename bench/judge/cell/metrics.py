"""The table of metrics: which figures are compared, which way is better, and what they are called."""

from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass, replace
from statistics import fmean, median
from typing import Literal

from bench.model.cell import Distribution, Figure, Measurement, Memory, Requests

Model = Literal["closed", "open"]
"""A load model, as loads name theirs."""

Unit = Literal["requests/s", "s", "bytes", "1", "instructions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a metric is called under loads of one model.

    `title` stands in a sentence, `header` above a column, `chart` at the start of a chart's title. `verb` and `noun`
    make a sentence about a ratio: `served 1.35 times the requests/s`. `caution`: how the value is misread. `{memory}`
    stands for the kind of memory that the machine reports, PSS or USS.
    """

    title: str
    header: str
    chart: str
    verb: str
    noun: str
    caution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of the table: what it is called, its unit, which way is better, how to read it from a measurement.

    `read` gives None where there is no such figure; `value` also where a problem makes it unreliable. Two figures whose
    ratio is within 1 +- `noise` count as equal; for a metric compared by its difference, two no further apart. An A/B
    passes a change for the worse of less than `tolerance`.
    `charts`: the load models to draw it under, each with the name of the chart; a run that lacks the first model has
    the first chart under its other model. `joined`: what the figure of several rounds is.
    """

    name: str
    title: str
    unit: Unit
    better: Literal["higher", "lower"]
    noise: float
    figure: Figure
    read: Callable[[Measurement], float | None]
    closed: Wording
    open: Wording
    charts: tuple[tuple[Model, str], ...] = ()
    compared_by: Literal["ratio", "difference"] = "ratio"
    joined: Literal["mean", "largest"] = "mean"
    tolerance: float = 0.07

    def under(self, model: Model) -> Wording:
        """What it is called under loads of this model."""
        return self.closed if model == "closed" else self.open

    def void(self, measurement: Measurement, names: Container[str] | None = None) -> str | None:
        """Why this metric is unreliable, or None; `names` restricts the search to problems of these names."""
        found = (
            one for one in measurement.problems if self.figure in one.voids and (names is None or one.name in names)
        )
        return next((problem.detail for problem in found), None)

    def value(self, measurement: Measurement) -> float | None:
        """The figure in its unit; None where there is none or it is unreliable."""
        return None if self.void(measurement) is not None else self.read(measurement)


def _pss_or_uss(memory: Memory | None) -> int | None:
    if memory is None:
        return None
    return _known(memory.median.uss_bytes if memory.median.pss_bytes is None else memory.median.pss_bytes)


def _anon(memory: Memory | None) -> int | None:
    if memory is None:
        return None
    return _known(memory.median.uss_bytes if memory.median.anon_bytes is None else memory.median.anon_bytes)


def _known(found_bytes: int) -> int | None:
    """None where another user's memory could not be read."""
    return found_bytes if found_bytes >= 0 else None


def _error_share(requests: Requests | None) -> float | None:
    if requests is None:
        return None
    return requests.failed / requests.asked if requests.asked else None


THROUGHPUT = Metric(
    name="throughput",
    title="throughput",
    unit="requests/s",
    better="higher",
    noise=0.01,
    figure="throughput",
    read=lambda one: one.throughput_rps,
    charts=(("closed", "throughput"),),
    closed=Wording(
        title="throughput",
        header="throughput",
        chart="Throughput",
        verb="served",
        noun="requests/s",
        caution=(
            "With few users, throughput only shows how fast one answer is. Compare stacks at a load where their lines "
            "are flat."
        ),
    ),
    open=Wording(
        title="achieved rate",
        header="achieved",
        chart="Achieved rate",
        verb="achieved",
        noun="rate",
        caution=(
            "The achieved rate cannot exceed the offered rate. Equal values mean that both stacks kept up, not that "
            "both are equally fast."
        ),
    ),
)
P95 = Metric(
    name="p95",
    title="P95",
    unit="s",
    better="lower",
    noise=0.03,
    figure="latency",
    read=lambda one: one.latency_s.p95 if one.latency_s else None,
    charts=(("open", "p95"), ("closed", "p95-saturation")),
    closed=Wording(
        title="P95 at saturation",
        header="P95 at saturation",
        chart="P95 latency at saturation",
        verb="had",
        noun="P95 at saturation",
        caution=(
            "Where no user pauses, P95 at saturation is the time spent in a full queue, about users / throughput. "
            "Closed-loop loads do not measure latency at a given arrival rate."
        ),
    ),
    open=Wording(
        title="P95",
        header="P95",
        chart="P95 latency",
        verb="had",
        noun="P95",
        caution="P95 holds for the rates shown. Near a stack's limit it grows steeply, possibly between two rates.",
    ),
)
_MEMORY = Wording(
    title="memory",
    header="memory, {memory}",
    chart="Memory ({memory})",
    verb="used",
    noun="memory",
    caution=(
        "This is the memory of the whole process tree, with the workers, threads and pools that the highest load of "
        "the run needs. Compare it within one run only."
    ),
)
MEMORY = Metric(
    name="memory",
    title="memory",
    unit="bytes",
    better="lower",
    noise=0.01,
    tolerance=0.02,
    figure="memory",
    read=lambda one: _pss_or_uss(one.memory),
    charts=(("closed", "memory"),),
    closed=_MEMORY,
    open=_MEMORY,
)
_CPU = Wording(
    title="CPU per request",
    header="CPU per request",
    chart="CPU per request",
    verb="used",
    noun="CPU per request",
    caution=(
        "Low CPU per request is not speed, because a stack that waits uses no CPU. It is what a request costs you."
    ),
)
CPU = Metric(
    name="cpu",
    title="CPU per request",
    unit="s",
    better="lower",
    noise=0.01,
    figure="cpu",
    read=lambda one: one.cpu.server_s_per_request if one.cpu else None,
    charts=(("closed", "cpu"),),
    closed=_CPU,
    open=_CPU,
)
METRICS: tuple[Metric, ...] = (THROUGHPUT, P95, MEMORY, CPU)
"""What is compared between stacks."""

BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}


def _other(name: str, title: str, read: Callable[[Distribution], float]) -> Metric:
    """Another figure of the latency, as reliable as P95 and called as that is."""

    def called(words: Wording) -> Wording:
        return replace(words, **{name: text.replace("P95", title) for name, text in asdict(words).items()})

    return replace(
        P95,
        name=name,
        title=title,
        read=lambda one: read(one.latency_s) if one.latency_s else None,
        charts=(),
        closed=called(P95.closed),
        open=called(P95.open),
    )


P50 = _other("p50", "P50", lambda latency_s: latency_s.p50)
P99 = _other("p99", "P99", lambda latency_s: latency_s.p99)
MAXIMUM = replace(_other("maximum", "maximum", lambda latency_s: latency_s.max), joined="largest")
LATENCIES: tuple[Metric, ...] = (P50, P95, P99, MAXIMUM)
FIGURES: tuple[Metric, ...] = tuple(dict.fromkeys((*METRICS, *LATENCIES)))
"""What is told of each stack."""

_ERRORS = Wording(
    title="failed requests",
    header="failed requests",
    chart="Failed requests",
    verb="failed",
    noun="requests",
    caution="Failed requests include timeouts and dropped arrivals.",
)
ERRORS = Metric(
    name="errors",
    title="failed requests",
    unit="1",
    better="lower",
    noise=0.001,
    tolerance=0.001,
    figure="throughput",
    read=lambda one: _error_share(one.requests),
    compared_by="difference",
    closed=_ERRORS,
    open=_ERRORS,
)
UNPAIRED: Mapping[str, Metric] = {metric.name: metric for metric in (*METRICS, ERRORS)}
"""What is compared between two runs."""


def _over_slices(join: Callable[[list[float]], float], figure: str) -> Callable[[Measurement], float | None]:
    """Reads the mean or the median of a figure over the slices that have it; None where none has."""

    def read(one: Measurement) -> float | None:
        known = [value for each in one.slices if (value := getattr(each, figure)) is not None]
        return join(known) if known else None

    return read


MEAN = "_mean"
"""The end of the name of a metric that is the plain mean of another one over all slices."""


def _mean_of(metric: Metric, figure: str) -> Metric:
    """A metric as the plain mean of the slices, which shows what befalls fewer than half of them."""

    def called(words: Wording) -> Wording:
        return replace(words, title=f"mean {words.title}", header=f"mean {words.header}")

    return replace(
        metric,
        name=f"{metric.name}{MEAN}",
        title=f"mean {metric.title}",
        read=_over_slices(fmean, figure),
        charts=(),
        closed=called(metric.closed),
        open=called(metric.open),
    )


SLOW = 3.0
"""A request is slow that takes longer than so many times the P50 of base."""

_SLOW = Wording(
    title="slow requests",
    header="slow requests",
    chart="Slow requests",
    verb="had",
    noun="slow requests",
    caution=f"Slow requests take longer than {SLOW:g} times the P50 of base.",
)
TAIL = Metric(
    name="tail",
    title="slow requests",
    unit="1",
    better="lower",
    noise=0.001,
    tolerance=0.001,
    figure="latency",
    read=_over_slices(median, "slow_share"),
    compared_by="difference",
    closed=_SLOW,
    open=_SLOW,
)
_INSTRUCTIONS = replace(
    _CPU,
    title="instructions per request",
    header="instructions per request",
    chart="Instructions per request",
    noun="instructions per request",
    caution="Instructions of the application and its client only: docs/instructions.md.",
)
INSTRUCTIONS = replace(
    CPU,
    name="instructions",
    title="instructions per request",
    unit="instructions",
    read=lambda _: None,
    charts=(),
    closed=_INSTRUCTIONS,
    open=_INSTRUCTIONS,
)
"""Counted apart from any load: no measurement has them."""

_ANONYMOUS = replace(_MEMORY, title="anonymous memory", header="anonymous memory", chart="Anonymous memory")
PAIRED: Mapping[str, Metric] = {
    **UNPAIRED,
    "throughput": (throughput := replace(THROUGHPUT, noise=0.02)),
    "cpu": (cpu := replace(CPU, noise=0.02)),
    "throughput_mean": _mean_of(throughput, "throughput_rps"),
    "cpu_mean": _mean_of(cpu, "server_s_per_request"),
    "tail": TAIL,
    "tail_mean": replace(_mean_of(TAIL, "slow_share"), tolerance=0.01),
    "memory": replace(
        MEMORY, title="anonymous memory", read=lambda one: _anon(one.memory), closed=_ANONYMOUS, open=_ANONYMOUS
    ),
}
"""What is compared in an A/B.

Twins share pages, which moves from one's PSS to the other's, but no anonymous ones. A change of 1 % in throughput or
CPU is lost in what a shared machine does, and the mean of slow requests moves with the number of garbage collections
that happen to fall into a restart: docs/calibration.md.
"""
