"""JSON for `pyperf stats` and `pyperf compare_to`: a benchmark for each figure, with a value for each round.

Source: `BenchmarkSuite._json_load` and `Run` in pyperf/_bench.py of pyperf 2.11, format 1.0. Values are above 0; the
unit is second, byte or integer. A larger value counts as slower. Each round started its servers anew, as a worker
process of pyperf does, so each is a run of one value. Without a duration pyperf would add up the values instead.
"""

from collections.abc import Mapping, Sequence

from bench.errors import plain
from bench.model.run import Run
from bench.show.export.figures import Measure, Reported
from bench.show.text.json import json_text

FILE = "pyperf.json"
VERSION = "1.0"
UNITS: Mapping[str, str] = {"s": "second", "bytes": "byte"}


def takes(measure: Measure) -> bool:
    """Whether pyperf can tell what it means: less is better, and the figure of all rounds is their mean."""
    return measure.better == "lower" and measure.joined == "mean" and measure.unit in UNITS


def texts(figures: Sequence[Reported], run: Run) -> Mapping[str, str]:
    """The text of the file by its name."""
    benchmarks = [
        {
            "metadata": {"name": f"{one.place}: {one.measure.title}", "unit": UNITS[one.measure.unit]},
            "runs": [
                {"values": [value], "metadata": {"duration": window_s}}
                for value, window_s in zip(one.found.values, one.windows_s, strict=True)
            ],
        }
        for one in figures
    ]
    return {FILE: json_text({"version": VERSION, "metadata": _metadata(run), "benchmarks": benchmarks})}


def _metadata(run: Run) -> dict[str, str | int]:
    """What all benchmarks have in common. pyperf refuses empty text and line breaks."""
    machine = run.machine
    texts = {
        "cpu_model_name": machine.cpu_model,
        "platform": f"{machine.system} {machine.kernel}",
        "python_version": machine.python,
        "stackduel_run": run.id,
        "stackduel_commit": run.commit or "",
    }
    return {"cpu_count": machine.cpus, **{name: text for name, given in texts.items() if (text := plain(given))}}
