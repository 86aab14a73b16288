"""What loads, metrics, charts and bottlenecks are called. The two load models never share a name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from bench.judge.cell.metrics import METRICS, Metric, Model, Wording
from bench.model.cell import Limit
from bench.model.config import Closed, Load, Open, Stack
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.words import listed, plural
from bench.units import offered, tick, users

MODELS: Mapping[Model, str] = {"closed": "closed-loop", "open": "open-loop"}
AXES: Mapping[Model, str] = {"closed": "users", "open": "requests/s offered"}
_AGAINST: Mapping[Model, str] = {"closed": "users", "open": "offered rate"}


# A bottleneck as a word in a table, and after `limited by`.
_LIMITS: Mapping[Limit, tuple[str, str]] = {
    "slots": ("slots", "{slots}"),
    "server cpu": ("server CPU", "the server's CPU"),
    "event loop": ("event loop", "a blocked event loop"),
    "gil": ("GIL", "the GIL of its one process"),
    "workers": ("workers", "workers that do not serve"),
    "application": ("application", "something inside the application"),
    "companion": ("companion", "a companion"),
    "upstream": ("upstream", "the upstream"),
    "generator": ("load generator", "the load generator"),
    "nothing": ("none", "nothing"),
    "not known": ("not known", "a cause that is not known"),
}
if set(_LIMITS) != set(get_args(Limit)):
    raise LookupError(f"bench/show/text/titles.py has no words for {set(get_args(Limit)) - set(_LIMITS)}")


def load_title(load: Load) -> str:
    """A load with its model: `100 users (closed-loop)`, `100/s (open-loop)` or `100/s (open-loop, Poisson)`."""
    if isinstance(load, Closed):
        return f"{users(load.users)} ({MODELS['closed']})"
    return f"{offered(load.rate_rps)} ({MODELS['open']}{', Poisson' if load.arrivals == 'poisson' else ''})"


def under(loads: Sequence[Load]) -> str:
    """Loads as part of a sentence: `with 10 and 100 users`, `at 100/s`."""
    closed = [load.users for load in loads if isinstance(load, Closed)]
    rates = [load_name(load) for load in loads if isinstance(load, Open)]
    parts = []
    if closed:
        parts.append(f"with {listed([tick(number) for number in closed])} user{'' if closed == [1] else 's'}")
    if rates:
        parts.append(f"at {listed(rates)}")
    return " and ".join(parts)


def models(run: Run) -> tuple[Model, ...]:
    """The load models that the run measured; if it has no cell, those that it planned."""
    loads = [cell.load for cell in run.cells] or [load for own in run.config.profile.loads.values() for load in own]
    return tuple(model for model in MODELS if any(load.model == model for load in loads))


def memory_kind(run: Run) -> str:
    """Which memory is shown: PSS, or USS where the machine has no PSS."""
    return "PSS" if run.machine.has_pss else "USS"


def wording(run: Run, metric: Metric, model: Model) -> Wording:
    """The words for a metric under loads of this model, with the run's kind of memory filled in."""
    found, kind = metric.under(model), memory_kind(run)
    return replace(found, header=found.header.format(memory=kind), chart=found.chart.format(memory=kind))


def headers(run: Run, model: Model) -> tuple[str, ...]:
    """The headers of the metrics' columns."""
    return tuple(wording(run, metric, model).header for metric in METRICS)


def charted(run: Run, metric: Metric) -> tuple[tuple[Model, str], ...]:
    """The load models of the metric's charts, each with the name of the chart; see `Metric.charts`."""
    have = models(run)
    (first, name), *others = metric.charts
    main = first if first in have or not have else have[0]
    return ((main, name), *((model, other) for model, other in others if model in have and model != main))


def chart_title(run: Run, metric: Metric, model: Model) -> str:
    """The title of a metric's chart under loads of this model: `P95 latency against offered rate`."""
    return f"{wording(run, metric, model).chart} against {_AGAINST[model]}"


def bottleneck(limits: Sequence[Limit]) -> str:
    """Bottlenecks as words in a table."""
    return " / ".join(_LIMITS[limit][0] for limit in limits)


def limited(limits: Sequence[Limit], stack: Stack) -> str:
    """What limits a stack, as part of a sentence: `limited by its 4 worker slots`, or `not saturated`; else empty.

    `limits` are those of the rounds in which it is known.
    """
    slots = "a cap on concurrent requests" if stack.slots is None else f"its {plural(stack.slots, 'worker slot')}"
    found = [_LIMITS[limit][1].format(slots=slots) for limit in limits if limit != "nothing"]
    some = " in some rounds" if len(found) < len(limits) else ""
    if found:
        return f"limited by {' or '.join(found)}{some}"
    return "not saturated" if limits else ""
