"""The table of formats: what each tool is given of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.model.cell import SIDES
from bench.model.run import Run
from bench.show.export import bencher, cells, csv, gha, junit, pyperf
from bench.show.export.figures import LeftOut, Measure, Reported, of_run, of_sides


@dataclass(frozen=True, slots=True)
class Export:
    """The text of each file by its name, what is left out of them, and whether there is any figure in them."""

    files: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()
    empty: bool = False


Texts = Callable[[Sequence[Reported], Run], Mapping[str, str]]


def _of_figures(texts: Texts, takes: Callable[[Measure], bool] = lambda _: True) -> Callable[[Run, Gate], Export]:
    """The export of the figures over the rounds; that of an A/B has files for base and for head."""

    def export(run: Run, _gate: Gate) -> Export:
        sides = (of_run(run),) if run.ab is None else of_sides(run)
        prefixes = ("",) if run.ab is None else tuple(f"{side}-" for side in SIDES)
        kept = [figures.only(takes) for figures in sides]
        files = {
            prefix + name: text
            for prefix, figures in zip(prefixes, kept, strict=True)
            for name, text in texts(figures.reported, run).items()
        }
        left_out = dict.fromkeys(one for figures in kept for one in figures.left_out)
        return Export(files, tuple(left_out), empty=not any(figures.reported for figures in kept))

    return export


def _csv(run: Run, _gate: Gate) -> Export:
    return Export({csv.FILE: csv.text(run)}, empty=not (run.cells or run.searches))


def _junit(run: Run, gate: Gate) -> Export:
    if run.ab is None:
        found = tuple(cells.cases(run))
        return Export({junit.FILE: junit.text(run, found, {"run": run.id})}, empty=not found)
    judgement = judge_paired(run, gate)
    return Export({junit.FILE: junit.text(run, junit.verdict(judgement), junit.properties(judgement))})


FORMATS: Mapping[str, Callable[[Run, Gate], Export]] = {
    "csv": _csv,
    "gha": _of_figures(gha.texts),
    "bencher": _of_figures(bencher.texts),
    "junit": _junit,
    "pyperf": _of_figures(pyperf.texts, pyperf.takes),
}
VERDICTS = frozenset({"junit"})
"""The formats that have the verdict on an A/B, so that its thresholds matter."""
