"""A run exported: to standard output, a file or a folder, with a message about what is left out."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.errors import BenchError, cut
from bench.judge.gate.thresholds import Gate
from bench.model.run import Run
from bench.reading import read_run
from bench.show.export.figures import LeftOut, Place
from bench.show.export.formats import FORMATS, VERDICTS, Export
from bench.show.text import stdout
from bench.show.text.files import unwritten, write
from bench.show.text.words import listed, plural

FOLDER = "export"
"""Where several files are written, in the folder of the run."""

USUAL = Gate()
"""What a verdict is asked where nothing is said."""

LONGEST = 400
"""Characters of a reason."""

STDOUT, WHAT = "-", "the export"
"""The path that means standard output, and what is written."""


def publish(folder: Path, form: str, *, out: Path | None = None, gate: Gate = USUAL) -> None:
    """Judge the run of a folder again and write it in a format of FORMATS.

    One file goes to standard output, several go into `folder`/export; `out` is another file or folder. What is left out
    is told on standard error. Raises BenchError where the run or `out` cannot be used, and where nothing is reliable.
    """
    run = read_run(folder).run
    if gate != USUAL and (run.ab is None or form not in VERDICTS):
        names = ", ".join(sorted(VERDICTS))
        raise BenchError(f"--fail-on, --noise and --alpha are about the verdict on an A/B run: --format {names} has it")
    made = FORMATS[form](run, gate)
    if made.empty:
        raise BenchError(f"{folder} has nothing to export as {form}{_because(run, made)}")
    if len(made.files) == 1 and (out is None or str(out) == STDOUT):
        stdout.say(*made.files.values())
    else:
        for path, text in _paths(folder, made.files, out, form).items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise unwritten(path, WHAT, error) from error
            write(path, text, WHAT)
            stdout.say(f"{path}\n")
    print(*told(made.left_out), sep="\n", end="\n" if made.left_out else "", file=sys.stderr)


def told(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """What is left out, a line for each place and reason."""
    for partly, heading in (
        (False, "left out, because not reliable: {}"),
        (True, "of fewer rounds, because others are not reliable: {}"),
    ):
        found = [one for one in left_out if one.partly is partly]
        if found:
            yield heading.format(plural(len(found), "figure"))
            yield from (f"  {line}" for line in _lines(found))


def _lines(left_out: Iterable[LeftOut]) -> Iterator[str]:
    titles: dict[tuple[Place, str], list[str]] = {}
    for one in left_out:
        titles.setdefault((one.place, one.why), []).append(one.measure.title)
    for (place, why), names in titles.items():
        yield f"{place}: {listed(names)}: {cut(why, LONGEST)}"


def _because(run: Run, made: Export) -> str:
    """Why there is nothing in it, as the end of a sentence."""
    if not (run.cells or run.searches):
        return ": it has no cell"
    first = next(_lines(made.left_out), "")
    return f": none of its figures is reliable. The first: {first}" if first else ": it has no such figure"


def _paths(folder: Path, files: Mapping[str, str], out: Path | None, form: str) -> Mapping[Path, str]:
    """Each text by the path of its file. `out` names the file where there is one, unless it is a folder."""
    if len(files) == 1 and out is not None and not out.is_dir():
        return dict.fromkeys((out,), *files.values())
    into = folder / FOLDER if out is None else out
    if str(into) == STDOUT or (into.exists() and not into.is_dir()):
        raise BenchError(f"{form} writes {plural(len(files), 'file')}, and {into} is no folder: give --out a folder")
    return {into / name: text for name, text in files.items()}
