"""The rules of a comparison, side by side: PAIRED for an A/B, UNPAIRED for two separate runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.judge.cell import metrics
from bench.judge.cell.metrics import MEAN, Metric
from bench.judge.gate.context import LESS_UPSTREAM, PSS, Context
from bench.judge.gate.design import Design, MannWhitney, SignFlip
from bench.judge.gate.pairs import CHANGES, Change
from bench.model.cell import CPU_LIMITS, Measurement, Outcome
from bench.model.config import Load

COST, COST_MEAN = "cost", "cost_mean"
"""Stand for throughput where the server's CPU limits base, and for CPU per request elsewhere; and for its mean."""

MOST_ROUNDS = 1000
"""No comparison asks for more rounds than this."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is compared, by which statistics, and what is decided without a test.

    `unit`: where one value of a metric comes from. `metrics`: by name; each has its threshold, the `noise`. `closed`
    and `open`: what is gated under a closed-loop and under an open-loop load. `bad_outcomes`: where base was always ok,
    one such outcome of head is a regression of failed requests. `changes`: how the two measurements of a pair are
    compared by a metric, where not by its values. `tolerant`: head passes where every change for the worse is shown to
    be less than the tolerance, by a test; else where the interval lies within the threshold. `context`: figures shown
    beside a metric, by its name. The default alpha is the same for both: see thresholds.py.
    """

    unit: Literal["restart", "round"]
    design: Design
    metrics: Mapping[str, Metric]
    closed: tuple[str, ...]
    open: tuple[str, ...]
    bad_outcomes: frozenset[Outcome]
    changes: Mapping[str, Change]
    tolerant: bool
    context: Mapping[str, tuple[Context, ...]]

    def gated(self, load: Load, base: Sequence[Measurement]) -> tuple[str, ...]:
        """The names of the metrics that are gated under a load; `base`: measurements that show what limits base.

        Throughput is gated only where the server's CPU limits most of them: elsewhere a slower service keeps its
        throughput, but CPU per request rises. P95 is gated only under an open-loop load: under a closed-loop load it
        follows from throughput.
        """
        limits = [one.bottleneck.limit for one in base if one.bottleneck is not None]
        cost = "throughput" if 2 * sum(limit in CPU_LIMITS for limit in limits) > len(limits) else "cpu"
        named = {COST: cost, COST_MEAN: f"{cost}{MEAN}"}
        return tuple(named.get(name, name) for name in (self.open if load.model == "open" else self.closed))

    def least_rounds(self, tests: int, alpha: float) -> int | None:
        """The fewest rounds on each side with which one of so many tests can reach `alpha` after Holm's correction.

        None where MOST_ROUNDS are not enough.
        """
        enough = (number for number in range(1, MOST_ROUNDS) if self.design.least_p(number, number) <= alpha / tests)
        return next(enough, None)


PAIRED = Policy(
    unit="restart",
    design=SignFlip(),
    metrics=metrics.PAIRED,  # anonymous memory; wider thresholds for throughput and CPU per request
    closed=(COST, COST_MEAN, "tail", "tail_mean", "memory", "errors"),
    # Every restart has both loads: cost and memory are gated once, under the closed-loop load.
    open=("p95", "tail", "errors"),
    bad_outcomes=frozenset({"degraded", "failed"}),  # where the twin beside it ran, a failed server is the cause
    changes=CHANGES,
    tolerant=True,
    context={"p95": (LESS_UPSTREAM,), "memory": (PSS,)},
)

UNPAIRED = Policy(
    unit="round",
    design=MannWhitney(),
    metrics=metrics.UNPAIRED,
    closed=(COST, "memory", "errors"),
    open=(COST, "p95", "memory", "errors"),
    bad_outcomes=frozenset({"degraded"}),  # why a cell failed is not known
    changes={},
    tolerant=False,  # an ordinary run has three rounds, too few for a test
    context={"p95": (LESS_UPSTREAM,)},
)
