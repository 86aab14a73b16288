"""What a plan asks of the machine, held against what the selftest found it can do."""

from dataclasses import dataclass

from bench import units
from bench.model.config import Closed, Load, Open, Plan, Scenario
from bench.model.loads import within
from bench.model.run import Selftest


@dataclass(frozen=True, slots=True)
class Demand:
    """The highest open rate and the most closed users of a plan, and twice the highest rate of upstream calls."""

    open_rps: float
    users: int
    upstream_rps: float


def demand(plan: Plan) -> Demand:
    """What the loads of a plan come to at most; 0 of what it does not ask for.

    Only loads that some stack is given. A closed load asks for users / seconds held at most, were the service
    infinitely fast.
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
    )


def _calls_rps(load: Load, scenario: Scenario) -> float:
    slowest_s = max((call.median_s for call in scenario.upstream.values()), default=0.0)
    if slowest_s == 0:
        return 0.0
    each = sum(call.calls for call in scenario.upstream.values())
    # No call ends before its delay, whatever `hold_s` says of the request.
    held_s = max(scenario.hold_s, slowest_s)
    return each * (load.users / held_s if isinstance(load, Closed) else load.rate_rps)


def refusal(asked: Demand, found: Selftest) -> str | None:
    """Why what is asked for cannot be measured soundly, and what can; None where it can."""
    if asked.open_rps > found.open_rps:
        sound = f"{units.offered(found.open_rps)} is" if found.open_rps else "no rate that was tried is"
        return f"{units.offered(asked.open_rps)} cannot be sent on schedule on this machine: {sound} sound"
    if asked.users > found.users:
        sound = f"{units.users(found.users)} are" if found.users else "no number that was tried is"
        return f"{units.users(asked.users)} cannot all be kept busy on this machine: {sound} sound"
    return None


def unproven(asked: Demand, found: Selftest) -> str | None:
    """What the upstream could not be shown to bear, though it may never come; None where it could."""
    if asked.upstream_rps <= found.upstream_rps:
        return None
    proven = f"up to {units.rate(found.upstream_rps)}" if found.upstream_rps else "at no rate that was tried"
    return (
        f"the upstream was proven {proven}, which is less than twice what this run could ask of it were the services "
        f"infinitely fast ({units.rate(asked.upstream_rps / 2)}): each cell's own delay error says whether it was late"
    )
