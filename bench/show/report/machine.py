"""What is known about the machine: what it is, and how steady it was."""

from bench.model.run import Run
from bench.show.text.words import plural
from bench.units import megabytes, percent, seconds, significant


def machine(run: Run) -> str:
    """One sentence: where it was measured."""
    told = run.machine
    cores = "not pinned"
    if run.server_cpus and run.load_cpus:
        cores = f"{len(run.server_cpus)} for the server and {len(run.load_cpus)} for the load"
    return (
        f"Measured on {told.cpu_model}, {plural(told.cpus, 'core')} ({cores}), "
        f"{megabytes(told.memory_bytes)} of memory, {told.system} {told.kernel}, Python {told.python}."
    )


def speed_range_s(run: Run) -> tuple[float, float] | None:
    """The least and the most that the CPU probe took before and after the loads; None where it was not taken."""
    probes = [*(cell.probe for cell in run.cells), *(one.probe for one in run.searches)]
    took_s = [time_s for probe in probes if probe is not None for time_s in (probe.before_s, probe.after_s)]
    return (min(took_s), max(took_s)) if took_s else None


def steadiness(run: Run) -> str | None:
    """How much the machine's own speed varied; None where nothing was measured."""
    took_s = speed_range_s(run)
    if took_s is None:
        return None
    low, high = took_s
    steal = [
        share
        for cell in run.cells
        for one in cell.measurements
        if one.cpu is not None
        for share in (one.cpu.server_steal, one.cpu.load_steal)
        if share is not None
    ]
    taken = f"at most {percent(max(steal))} of either side's cores in a window" if steal else "not known"
    return (
        f"CPU probe: a fixed computation on the server's core took from {seconds(low)} to {seconds(high)} before and "
        f"after the loads. The machine's own speed varied by a factor of {significant(high / low)}, and values of "
        "different cells may differ by as much without a difference between stacks. Steal, CPU time that the "
        f"hypervisor gave to others: {taken}."
    )
