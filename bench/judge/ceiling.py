"""Why a stack stops where it stops: what its slots allow, beside what was measured."""

from bench.judge.validity import SERVER_CORE_SHARE
from bench.model import Ceiling, Load, Scenario, Stack

SLOTS_SHARE = 0.95


def slots_rps(stack: Stack, scenario: Scenario) -> float | None:
    """Slots / seconds a slot is held: the most requests/s that this stack can answer. None: no such limit.

    An upper bound: `hold_s` is the waiting alone, without the work around it.
    """
    return stack.slots / scenario.hold_s if stack.slots is not None and scenario.hold_s > 0 else None


def ceiling(
    stack: Stack, scenario: Scenario, load: Load, throughput_rps: float, server_cores: float, server_cpus: int
) -> Ceiling:
    """The slots' limit in requests/s, and what binds where the figures say so plainly; None where they do not.

    Slots bind only where there are more users than slots: with fewer it is the load that stops short of them.
    """
    limit_rps = slots_rps(stack, scenario)
    if server_cores >= SERVER_CORE_SHARE * server_cpus:
        return Ceiling(limit_rps, "server cpu")
    more_users = stack.slots is not None and load.users > stack.slots
    if more_users and limit_rps is not None and throughput_rps >= SLOTS_SHARE * limit_rps:
        return Ceiling(limit_rps, "slots")
    return Ceiling(limit_rps, None)
