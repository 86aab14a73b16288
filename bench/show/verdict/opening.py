"""How a comment on a review begins: a mark and a plain sentence that a reader in a hurry understands."""

from collections.abc import Mapping
from dataclasses import replace

from bench.judge.gate.verdict import Judgement, Verdict
from bench.show.text.document import Document

_OPENINGS: Mapping[Verdict, tuple[str, str]] = {
    "regressed": ("\N{CROSS MARK}", "Head is worse than base, and that is not chance."),
    "not comparable": (
        "\N{NO ENTRY}",
        "Base and head were not measured alike, so there is no verdict on the change.",
    ),
    "inconclusive": ("\N{MEDIUM WHITE CIRCLE}", "The measurements neither show a regression nor rule one out."),
    "improved": (
        "\N{WHITE HEAVY CHECK MARK}",
        "Head is better than base in at least one figure, and in none worse by more than is tolerated.",
    ),
    "no regression": ("\N{WHITE HEAVY CHECK MARK}", "Head is not worse than base by more than is tolerated."),
}
_UNCHANGED = "The change does not touch what the services run or read."


def opened(document: Document, judgement: Judgement) -> Document:
    """The document of a verdict with the mark before its title, and the sentence before its lead."""
    mark, told = _OPENINGS[judgement.verdict]
    plain = _UNCHANGED if judgement.unchanged else told
    title = f"{mark} {document.title[:1].upper()}{document.title[1:]}"
    return replace(document, title=title, lead=f"{plain} {document.lead}")
