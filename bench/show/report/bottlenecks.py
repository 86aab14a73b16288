"""What limits each stack, and the measurements that say so."""

from collections.abc import Mapping, Sequence

from bench.judge.cell.metrics import Model
from bench.judge.stacks.rows import Row
from bench.model.cell import Limit
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.document import Paragraph, Section, words_table
from bench.show.text.titles import MODELS, bottleneck
from bench.units import NOTHING, rate

_HEADERS = ("load", "stack", "bottleneck", "slots allow", "measurements")


def section(run: Run, rows: Sequence[Row]) -> Section | None:
    """A table for each scenario and load model; None where nothing was measured."""
    tables: dict[tuple[str, Model], list[tuple[str, ...]]] = {}
    for row in rows:
        if row.bottlenecks:
            named = bottleneck(row.limits or ("not known",))
            found = named, rate(row.slots_rps), _why(row.bottlenecks)
            tables.setdefault((row.scenario, row.load.model), []).append((load_name(row.load), row.stack, *found))
    if not tables:
        return None
    opening = (
        "Slots allow: the highest rate that a stack's worker slots can serve (slots / service time), or "
        f"{NOTHING} for a stack without slots."
    )
    return Section(
        "bottlenecks",
        "What limits each stack",
        (
            Paragraph(opening),
            *(
                Section(
                    f"bottlenecks-{number}",
                    f"{run.config.scenarios[scenario].title} ({MODELS[model]})",
                    (words_table(_HEADERS, lines, key="stack"),),
                    detail=True,
                )
                for number, ((scenario, model), lines) in enumerate(tables.items(), start=1)
            ),
        ),
    )


def _why(limits: Mapping[Limit, str]) -> str:
    """The measurements; each with its bottleneck where rounds differ."""
    if len(limits) == 1:
        return next(iter(limits.values()))
    return "; ".join(f"{bottleneck([limit])}: {why}" for limit, why in limits.items())
