"""An audit shown: on standard output, and in the files that were asked for."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.show.claims.document import Audited, document
from bench.show.text import markdown as md
from bench.show.text import stdout
from bench.show.text.files import write
from bench.show.text.json import json_text

VERSION = 1
"""Raised by every change that breaks a reader: a key renamed, removed or given another meaning."""

WHAT = "the audit"


def present(audited: Sequence[Audited], *, markdown: Path | None = None, json: Path | None = None) -> None:
    """Print the audit and write the files. `json`: a file, or - for standard output, in place of the tables.

    Raises BenchError where a file cannot be written.
    """
    piped, numbers, shown = json is not None and str(json) == "-", figures(audited), document(audited)
    if piped:
        stdout.say(numbers)
    else:
        stdout.show(shown)
    if markdown is not None:
        write(markdown, md.render(shown), WHAT)
    if json is not None and not piped:
        write(json, numbers, WHAT)


def figures(audited: Sequence[Audited]) -> str:
    """The rows with their findings as JSON; each figure is the range of values that it may stand for."""
    rows = [{**asdict(one), "findings": [asdict(finding) for finding in found]} for one, found in audited]
    return json_text({"version": VERSION, "rows": rows})
