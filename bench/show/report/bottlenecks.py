"""Why each stack stops where it does, in the words of whoever judged it."""

from collections.abc import Mapping, Sequence

from bench.judge.stacks.rows import Row
from bench.model.cell import Limit
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.sheet import Passage, Sheet
from bench.units import NOTHING, rate

_HEADERS = ("load", "stack", "bound by", "ceiling", "why")


def passage(run: Run, rows: Sequence[Row]) -> Passage | None:
    """A table for each scenario and load model; None where nothing was measured."""
    sheets: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for row in rows:
        if row.bottlenecks:
            line = (
                load_name(row.load),
                row.stack,
                " / ".join(row.bottlenecks),
                rate(row.slots_rps),
                _why(row.bottlenecks),
            )
            sheets.setdefault((row.scenario, row.load.model), []).append(line)
    if not sheets:
        return None
    return Passage(
        "Why it stops there",
        opening=(
            "Bottleneck: the most that the slots allow, slots / seconds for which each is held; "
            f"{NOTHING} where a stack has no slots."
        ),
        sheets=tuple(
            Sheet(f"{run.config.scenarios[scenario].title} ({model} loads)", _HEADERS, tuple(lines))
            for (scenario, model), lines in sheets.items()
        ),
    )


def _why(bounds: Mapping[Limit, str]) -> str:
    """The figures that name what binds; which is which is said where rounds differ."""
    if len(bounds) == 1:
        return next(iter(bounds.values()))
    return "; ".join(f"{bound}: {why}" for bound, why in bounds.items())
