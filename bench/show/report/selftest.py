"""What a selftest found, in words."""

from bench import units
from bench.model.run import Selftest


def selftest_lines(found: Selftest) -> tuple[str, ...]:
    """What the machine can measure, a fact a line; then what is not sound here."""
    descriptors = "no limit" if found.descriptors is None else units.count(found.descriptors)
    server, load = found.cpu_sets
    pinned = f"server on {_cores(server)}, load on {_cores(load)}" if server and load else "nothing is pinned"
    upstream = (
        f"delays off by {units.seconds(found.upstream_delay_error_s)} at P99: up to {units.rate(found.upstream_rps)}"
        if found.upstream_rps
        else "true delays at no rate that was tried"
    )
    lines = [
        f"generator, closed, on its core against an upstream without delay: {units.rate(found.generator_rps)}",
        f"upstream alone, {upstream}",
        f"cores: {pinned}; steal {units.percent(found.steal)}, others kept them {units.percent(found.busy)} busy",
        f"timers: {units.seconds(found.timer_s)} late at P99; open files a process: {descriptors}; "
        f"a reading of the sampler: {units.seconds(found.sampler_s)} of CPU",
        *(f"NOT SOUND: {problem}" for problem in found.problems),
    ]
    if found.users:
        lines.insert(0, f"closed loads are sound up to {units.users(found.users)}")
    if found.open_rps:
        lag = units.seconds(found.open_send_delay_s)
        lines.insert(0, f"open loads are sound up to {units.offered(found.open_rps)} (lag {lag} at P99)")
    return tuple(lines)


def _cores(cpus: tuple[int, ...]) -> str:
    return f"core{'' if len(cpus) == 1 else 's'} {', '.join(map(str, cpus))}"
