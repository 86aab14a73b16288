"""The verdict shown: on standard output, and in the files that were asked for."""

from pathlib import Path

from bench.judge.gate.verdict import Judgement
from bench.show.text import markdown as md
from bench.show.text import stdout
from bench.show.text.files import write
from bench.show.text.shorten import shortened
from bench.show.verdict.document import verdict
from bench.show.verdict.json import figures
from bench.show.verdict.opening import opened

MOST_PRINTED = 1000
"""Findings: twenty times as many as a run of this project's own profiles has."""


def present(judgement: Judgement, *, markdown: Path | None = None, json: Path | None = None) -> int:
    """The exit code of the verdict, once it is printed and written to the files; in short where it has many findings.

    Raises BenchError where a file cannot be written, after printing.
    """
    many = len(judgement.findings) + len(judgement.ungated) > MOST_PRINTED
    stdout.show(shortened(verdict(judgement, brief=True)) if many else verdict(judgement))
    for path, make in ((markdown, comment), (json, figures)):
        if path is not None:
            write(path, make(judgement), "the verdict")
    return judgement.exit_code


def comment(judgement: Judgement) -> str:
    """The verdict as Markdown that is short enough for a comment on a review, whatever it has to say."""
    return md.render(shortened(opened(verdict(judgement, brief=True), judgement)), level=None)
