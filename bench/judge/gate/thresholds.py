"""What the user asks of a verdict: which changes are too small to matter, and how many false alarms are accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.judge.cell.metrics import MEAN, Metric

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """The user's alpha, thresholds and tolerances.

    `alpha`: the chance of any false alarm over the whole family of tests. `noise`: the threshold of every metric that
    is compared by ratio; None: each metric has its own. `fail_on`: by the name of the metric, its threshold and its
    tolerance; these come before all others, and count for its plain mean too. A threshold is a fraction of 1 and
    symmetric as a factor: 0.10 means 1.10 times as much, or 1 / 1.10 of it. For a metric compared by difference it is
    that difference.
    """

    alpha: float = ALPHA
    noise: float | None = None
    fail_on: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, metric: Metric) -> float:
        """The smallest change of the metric that matters, in either direction."""
        usual = metric.noise if self.noise is None or metric.compared_by == "difference" else self.noise
        return self._asked(metric, usual)

    def tolerance(self, metric: Metric) -> float:
        """A change for the worse of less than this passes. It is no smaller than the threshold."""
        return self._asked(metric, max(metric.tolerance, self.threshold(metric)))

    def _asked(self, metric: Metric, usual: float) -> float:
        return self.fail_on.get(metric.name, self.fail_on.get(metric.name.removesuffix(MEAN), usual))
