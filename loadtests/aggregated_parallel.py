"""GET /aggregated-data: three calls of the upstream at once."""

from loadtests.aggregated import is_aggregate
from loadtests.engine.user import ScenarioUser


class AggregatedParallel(ScenarioUser):
    """Asks for one user's data, gathered at once."""

    path = "/aggregated-data/7?strategy=parallel"
    accepts = staticmethod(is_aggregate)
