"""GET /aggregated-data: three calls of the upstream, one after another."""

from loadtests.aggregated import is_aggregate
from loadtests.engine.user import ScenarioUser


class AggregatedSequential(ScenarioUser):
    """Asks for one user's data, gathered in turn."""

    path = "/aggregated-data/7?strategy=sequential"
    accepts = staticmethod(is_aggregate)
