"""What was measured of one stack, in a sentence, where there is nothing to compare it with."""

from collections.abc import Sequence

from bench.judge.cell.metrics import METRICS
from bench.judge.stacks.rows import Row
from bench.show.text.titles import under
from bench.show.text.words import listed
from bench.units import interval


def sentence(own: Sequence[Row]) -> str:
    """The figures of a stack at the highest load that it served, under its first scenario; or why it has none."""
    served = [row for row in own if row.failures is None]
    able = [row for row in served if row.estimates] or served or own
    row = [one for one in able if one.scenario == able[0].scenario][-1]
    where, figures = f"On {row.scenario} {under([row.load])}", []
    spoilt: dict[str, list[str]] = {}
    for metric in METRICS:
        title, found = metric.under(row.load.model).title, row.estimates.get(metric.name)
        if found is not None:
            parts = title, *interval(found.mean, found.low, found.high, metric.unit)
            figures.append(" ".join(part for part in parts if part))
        elif metric.name in row.voids:
            void = row.voids[metric.name]
            spoilt.setdefault(f"{void.name}: {void.detail}", []).append(title)
    if not figures:
        return f"{where}, no figure of {row.stack} is reliable: {'; '.join(spoilt)}."
    unreliable = (f"; unreliable: {listed(titles)} ({why})" for why, titles in spoilt.items())
    return f"{where}, {row.stack} had {listed(figures)}{''.join(unreliable)}."
