"""Facts about a load: its name, its upstream waits, its requests in flight, and which stacks are given it."""

import math
from collections.abc import Mapping

from bench import units
from bench.model.config import Closed, Load, Objective, Profile, Scenario, Stack, UpstreamCall


def load_name(load: Load) -> str:
    """Which load, for people: `10 users`, `100/s` or `100/s (Poisson)`."""
    if isinstance(load, Closed):
        return units.users(load.users)
    return units.offered(load.rate_rps) + (" (Poisson)" if load.arrivals == "poisson" else "")


def amount(load: Load) -> float:
    """The size of a load: users of a closed-loop load, requests/s of an open-loop load."""
    return float(load.users) if isinstance(load, Closed) else load.rate_rps


def upstream_waits_s(calls: Mapping[str, UpstreamCall]) -> float:
    """Seconds that the upstream calls of one request take in all, on average and one after another."""
    # The mean of a lognormal delay is more than its median.
    return sum(call.calls * call.median_s * math.exp(call.sigma**2 / 2) for call in calls.values())


def expected_in_flight(load: Load, scenario: Scenario, stack: Stack) -> float:
    """Requests that it keeps in flight where the service adds nothing to the waiting (Little's law).

    The limit of requests in flight, where an open-loop load is more than the slots of the stack can answer.
    """
    if isinstance(load, Closed):
        return float(load.users)
    expected = load.rate_rps * scenario.hold_s
    beyond = stack.slots is not None and expected > stack.slots
    return float(load.max_in_flight) if beyond else min(expected, float(load.max_in_flight))


def most_in_flight(profile: Profile) -> int:
    """The most requests that any load of the profile, or a search, can have in flight."""
    loads = [load for own in profile.loads.values() for load in own]
    asked = [load.users if isinstance(load, Closed) else load.max_in_flight for load in loads]
    return max([*asked, *(one.max_in_flight for one in profile.sought.values())])


def objective_name(objective: Objective) -> str:
    """An objective, for people: `P95 within 200 ms`."""
    return f"{objective.percentile.upper()} within {units.seconds(objective.limit_s)}"


def within(profile: Profile, stack: str, load: Load) -> bool:
    """Whether the profile gives this load to the stack."""
    if isinstance(load, Closed):
        return load.users <= profile.max_users.get(stack, load.users)
    return load.rate_rps <= profile.max_rate_rps.get(stack, load.rate_rps)
