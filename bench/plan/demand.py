"""What a plan demands of this machine, and whether the selftest found that the machine can do it."""

from dataclasses import dataclass

from bench import units
from bench.model.config import Closed, Load, Open, Plan, Scenario
from bench.model.loads import within
from bench.model.run import Selftest


@dataclass(frozen=True, slots=True)
class Demand:
    """The highest open-loop rate and the most closed-loop users of a plan, and twice its highest upstream rate.

    `searches`: whether it has to be known how far the machine can go.
    """

    open_rps: float
    users: int
    upstream_rps: float
    searches: bool = False


def demand(plan: Plan) -> Demand:
    """The highest demands of the loads that at least one stack is given; 0 where there is no such load.

    A closed-loop load demands at most users / service time of the upstream: what an infinitely fast service would call.
    """
    pairs = [
        (load, plan.scenarios[name])
        for name, loads in plan.profile.loads.items()
        for load in loads
        if any(within(plan.profile, stack, load) for stack in plan.profile.stacks)
    ]
    return Demand(
        open_rps=max((load.rate_rps for load, _ in pairs if isinstance(load, Open)), default=0.0),
        users=max((load.users for load, _ in pairs if isinstance(load, Closed)), default=0),
        upstream_rps=2 * max((_calls_rps(load, scenario) for load, scenario in pairs), default=0.0),
        searches=bool(plan.profile.sought),
    )


def _calls_rps(load: Load, scenario: Scenario) -> float:
    slowest_s = max((call.median_s for call in scenario.upstream.values()), default=0.0)
    if slowest_s == 0:
        return 0.0
    each = sum(call.calls for call in scenario.upstream.values())
    # A call lasts at least as long as its delay, even where `hold_s` is shorter.
    service_s = max(scenario.hold_s, slowest_s)
    return each * (load.users / service_s if isinstance(load, Closed) else load.rate_rps)


def refusal(asked: Demand, found: Selftest) -> str | None:
    """Why this machine cannot measure a load reliably, and which it can; None where it can."""
    if asked.open_rps > found.open_rps:
        result = f"succeeded up to {units.offered(found.open_rps)}" if found.open_rps else "failed at every rate tried"
        return f"this machine cannot send {units.offered(asked.open_rps)} on schedule: the selftest {result}"
    if asked.users > found.users:
        result = f"succeeded up to {units.users(found.users)}" if found.users else "failed at every number tried"
        return f"this machine cannot keep {units.users(asked.users)} busy: the selftest {result}"
    return None


def unproven(asked: Demand, found: Selftest) -> str | None:
    """A warning that the mock upstream may limit the results; None where the selftest showed that it does not."""
    if asked.upstream_rps <= found.upstream_rps:
        return None
    if not found.upstream_rps:
        return "the mock upstream failed its check at every rate tried; it may limit the results"
    return (
        f"the mock upstream passed its check up to {units.rate(found.upstream_rps)}, which is less than twice the "
        f"{units.rate(asked.upstream_rps / 2)} that an infinitely fast service would call; it may limit the results"
    )
