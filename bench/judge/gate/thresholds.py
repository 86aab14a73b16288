"""What is asked of a verdict: which changes are too small to matter, and how often it may cry wolf."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.judge.cell.metrics import Metric

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """What a verdict is held to.

    `alpha`: the chance, over the whole family of tests, of calling anything changed that did not. `noise`: the
    threshold of every metric that is compared by its ratio; None: each has its own. `fail_on`: the threshold of the
    metric of that name, whatever else holds. A threshold is a fraction of 1, symmetric as a factor: 0.10 is 1.10 times
    as much or 1 / 1.10 of it; of a metric compared by its difference it is that difference.
    """

    alpha: float = ALPHA
    noise: float | None = None
    fail_on: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, metric: Metric) -> float:
        """The change of the metric beyond which it counts, either way."""
        usual = metric.noise if self.noise is None or metric.compared_by == "difference" else self.noise
        return self.fail_on.get(metric.name, usual)
