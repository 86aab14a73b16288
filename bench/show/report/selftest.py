"""What a selftest found, in words."""

from bench import units
from bench.model.run import Selftest


def selftest_lines(found: Selftest) -> tuple[str, ...]:
    """What the machine can measure, a fact a line; then what makes its measurements unreliable."""
    descriptors = "no limit" if found.descriptors is None else units.count(found.descriptors)
    server, load = found.cpu_sets
    pinned = f"server on {_cores(server)}, load on {_cores(load)}" if server and load else "nothing is pinned"
    upstream = (
        f"delays accurate to {units.seconds(found.upstream_delay_error_s)} (P99) up to {units.rate(found.upstream_rps)}"
        if found.upstream_rps
        else "delays inaccurate at every rate tried"
    )
    lines = [
        f"load generator on its core, closed-loop, upstream without delay: {units.rate(found.generator_rps)}",
        f"upstream alone: {upstream}",
        f"cores: {pinned}; steal {units.percent(found.steal)}, other programs {units.percent(found.busy)}",
        f"timers: {units.seconds(found.timer_s)} late (P99); open files per process: {descriptors}; "
        f"one sampler reading: {units.seconds(found.sampler_s)} of CPU",
        *(f"UNRELIABLE: {problem}" for problem in found.problems),
    ]
    if found.users:
        lines.insert(0, f"closed-loop loads are reliable up to {units.users(found.users)}")
    if found.open_rps:
        delay = units.seconds(found.open_send_delay_s)
        lines.insert(0, f"open-loop loads are reliable up to {units.offered(found.open_rps)} (send delay {delay}, P99)")
    return tuple(lines)


def _cores(cpus: tuple[int, ...]) -> str:
    return f"core{'' if len(cpus) == 1 else 's'} {', '.join(map(str, cpus))}"
