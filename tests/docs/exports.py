"""The examples of docs/export.md, from the reference run and a synthetic A/B: python -m tests.docs.exports"""

from collections.abc import Iterator

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.reading import read_run
from bench.record.store import load_run
from bench.show.export import bencher, cells, csv, gha, junit, pyperf
from bench.show.export.figures import Reported, of_run
from bench.show.text.embed import embed

from .markdown import ROOT

PAGE = ROOT / "docs/export.md"
REFERENCE = ROOT / "results/reference"
SESSION = ROOT / "tests/sessions/slower"
STACK, UNRELIABLE = "fastapi-aiohttp", "fastapi-httpx"
SHOWN = {"capacity", "p95"}
"""The measures of the examples."""


def examples() -> str:
    """A part for each format, short: the figures of one stack, and an unreliable one."""
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in _parts())


def _parts() -> Iterator[tuple[str, str]]:
    run = read_run(REFERENCE).run
    figures = [one for one in of_run(run).reported if one.place.stack == STACK and one.measure.name in SHOWN]
    lines = csv.text(run).splitlines()
    shown = [line for line in lines if f",{STACK}," in line or f",{UNRELIABLE}," in line]
    first = [line for line in shown if any(f",1,,{name}," in line for name in SHOWN)]
    yield "csv", _block("csv", "\n".join((lines[0], *first)))
    yield "gha: bigger-is-better.json", _block("json", gha.texts(figures, run)["bigger-is-better.json"])
    yield "bencher", _block("json", bencher.texts(figures, run)[bencher.FILE])
    yield "pyperf", _block("json", pyperf.texts(_for_pyperf(figures), run)[pyperf.FILE])
    case = next(one for one in cells.cases(run) if one.ending == "skipped")
    yield "junit: an unreliable cell of a run", _block("xml", junit.text(run, [case], {"run": run.id}))
    session = load_run(SESSION)
    judgement = judge_paired(session, Gate())
    verdicts = [one for one in junit.verdict(judgement) if one.ending == "failure"]
    text = junit.text(session, verdicts, junit.properties(judgement))
    yield "junit: a figure that regressed, of a made-up A/B", _block("xml", text)


def _for_pyperf(figures: list[Reported]) -> list[Reported]:
    return [one for one in figures if pyperf.takes(one.measure)]


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.strip()}\n```"


def main() -> None:
    """Write them into the page."""
    PAGE.write_text(embed(PAGE.read_text(encoding="utf-8"), examples(), PAGE.name), encoding="utf-8")


if __name__ == "__main__":
    main()
