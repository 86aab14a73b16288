"""How the text alternatives of charts name stacks and their figures."""

from collections.abc import Iterable, Sequence

from bench.judge.cell.metrics import Metric
from bench.judge.stats.intervals import Estimate
from bench.model.run import Run
from bench.show.text.words import listed, plain
from bench.units import interval

NAMED = 4
"""The most stacks that a sentence names; the rest are counted."""


def first_named(run: Run, stacks: Iterable[str]) -> list[str]:
    """These stacks in the order of a sentence: the profile's pair, then the others as planned."""
    known = set(stacks)
    order = dict.fromkeys([*(run.config.profile.compare or ()), *run.config.profile.stacks])
    return [name for name in order if name in known]


def some(parts: Sequence[str]) -> str:
    """The first of these as part of a sentence, and how many more there are."""
    more = [f"{len(parts) - NAMED} more"] if len(parts) > NAMED else []
    return listed([*parts[:NAMED], *more])


def with_interval(stack: str, found: Estimate, metric: Metric) -> str:
    """A stack's figure with its interval, if it has one."""
    return " ".join(part for part in (plain(stack), *interval(found.mean, found.low, found.high, metric.unit)) if part)
