"""The trend shown: on standard output, and in the files that were asked for."""

from pathlib import Path

from bench.judge.history.trend import Trend
from bench.show.charts.gallery import save_pictures
from bench.show.charts.history import NAMES, pictures
from bench.show.history.document import document
from bench.show.history.json import figures
from bench.show.text import markdown as md
from bench.show.text import stdout
from bench.show.text.files import unwritten, write, write_anew
from bench.show.text.page import html
from bench.show.text.shorten import shortened

PAGE, TEXT, NUMBERS = "trend.html", "trend.md", "trend.json"
"""What lies in the folder, beside the charts."""

WHAT = "the trend"


def present(found: Trend, *, out: Path | None = None, markdown: Path | None = None, json: Path | None = None) -> None:
    """Print the trend and write the files.

    `out`: the folder of the page and its charts. `markdown`: a file for a comment, which is short. `json`: a file for
    all numbers, or - for standard output, in place of the tables. Raises BenchError where a file cannot be written.
    """
    piped = json is not None and str(json) == "-"
    numbers, shown = figures(found), document(found)
    if piped:
        stdout.say(numbers)
    else:
        stdout.show(shown)
    if markdown is not None:
        write(markdown, md.render(shortened(shown), level=None), WHAT)
    if json is not None and not piped:
        write(json, numbers, WHAT)
    if out is not None:
        try:
            _write(found, numbers, out)
        except OSError as error:
            raise unwritten(out, WHAT, error) from error
    if out is not None and not piped:
        stdout.say(f"\nWith charts, for any browser: {out / PAGE}\nAs Markdown: {out / TEXT}\n")


def _write(found: Trend, numbers: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    whole = document(found, save_pictures(pictures(found), out / "charts", NAMES))
    write_anew(out, {PAGE: html.render(whole), TEXT: md.render(whole), NUMBERS: numbers})
