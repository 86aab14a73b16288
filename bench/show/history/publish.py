"""The trend shown: on standard output, and in the files that were asked for."""

from pathlib import Path

from bench.errors import BenchError
from bench.judge.history.trend import Trend
from bench.show.charts.gallery import save_pictures
from bench.show.charts.history import NAMES, pictures
from bench.show.history.document import document
from bench.show.history.json import figures
from bench.show.text import markdown as md
from bench.show.text import stdout
from bench.show.text.page import html
from bench.show.text.shorten import shortened

PAGE, TEXT, NUMBERS = "trend.html", "trend.md", "trend.json"
"""What lies in the folder, beside the charts."""


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
    try:
        if markdown is not None:
            markdown.write_text(md.render(shortened(shown), level=None), encoding="utf-8")
        if json is not None and not piped:
            json.write_text(numbers, encoding="utf-8")
        if out is not None:
            _write(found, numbers, out)
    except OSError as error:
        raise BenchError(f"the trend cannot be written: {error}") from error
    if out is not None and not piped:
        stdout.say(f"\nWith charts, for any browser: {out / PAGE}\nAs Markdown: {out / TEXT}\n")


def _write(found: Trend, numbers: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    whole = document(found, save_pictures(pictures(found), out / "charts", NAMES))
    for name, text in {PAGE: html.render(whole), TEXT: md.render(whole), NUMBERS: numbers}.items():
        (out / name).unlink(missing_ok=True)  # a link or a FIFO of this name is not written through
        (out / name).write_text(text, encoding="utf-8")
