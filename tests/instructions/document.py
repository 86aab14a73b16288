"""The figures of docs/instructions.md, from the kept counts and repeats."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.model.config import Closed
from bench.model.instructions import Counted
from bench.model.loads import load_name
from bench.show.instructions.document import by_stack
from bench.show.text import markdown as md
from bench.show.text.document import Document
from bench.show.text.embed import embed
from bench.show.text.markdown import escaped, table
from bench.units import signed_percent, threshold
from tests.instructions.repeats import KEPT, Kind, Repeats, kept

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/instructions.md"
COUNTS = KEPT.with_name("counts.json")
HEADERS = ("stack", "scenario", "in flight", "code", "copies", "least change", "largest change", "gate", "regressed")
NUMBERS = frozenset(HEADERS) - {"stack", "scenario", "code"}
CODES: dict[Kind, str] = {"same": "the same", "neutral": "and functions that nobody calls", "loop": "and a loop"}


def write(document: Path = DOCUMENT) -> None:
    """Write the figures into the document."""
    short = "\n\n".join(
        [
            "### Instructions per request",
            md.render(Document("", "", (by_stack(counts()),)), level=None).strip(),
            "### How well counts repeat, and what they find",
            repeats_table(kept()),
        ]
    )
    document.write_text(embed(document.read_text(encoding="utf-8"), short, document.name), encoding="utf-8")


def counts(file: Path = COUNTS) -> list[Counted]:
    """What `bench instructions --json` wrote."""
    fields = ("stack", "scenario", "users", "requests", "instructions")
    given = json.loads(file.read_text(encoding="utf-8"))["counted"]
    return [Counted(**{name: one[name] for name in fields}) for one in given]


def repeats_table(found: Iterable[Repeats]) -> str:
    """A row for each stack, scenario, number of users and kind of code."""
    return table(HEADERS, ["---:" if header in NUMBERS else "---" for header in HEADERS], _rows(found))


def _rows(found: Iterable[Repeats]) -> Iterator[list[str]]:
    for one in found:
        code = CODES[one.kind] + (f" worth {threshold(one.size)}" if one.size else "")
        yield [
            escaped(one.stack),
            escaped(one.scenario),
            load_name(Closed(users=one.users)).split()[0],
            code,
            str(len(one.changes)),
            signed_percent(min(one.changes)),
            signed_percent(max(one.changes)),
            threshold(one.gate),
            f"{one.regressed} of {len(one.changes)}",
        ]
