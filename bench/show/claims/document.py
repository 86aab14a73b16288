"""An audit of published figures as a document."""

from collections.abc import Mapping, Sequence

from bench.judge.claims.audit import ASSUMED, GRADES, Finding, Grade
from bench.model.published import Published
from bench.show.text.document import Block, Document, Paragraph, Section, words_table
from bench.show.text.words import plural

Audited = tuple[Published, tuple[Finding, ...]]

MEANINGS: Mapping[Grade, str] = {
    "impossible": f"No run gives these figures, if {ASSUMED}.",
    "doubtful": "A run can give these figures, but hardly one as it is described.",
    "method": "The figures may be right. How they were taken limits what they say.",
}

_HEADERS = ("figures", "rule", "finding", "source")


def document(audited: Sequence[Audited]) -> Document:
    """The findings by grade, the worst first."""
    sections = tuple(section for grade in GRADES if (section := _section(grade, audited)) is not None)
    return Document("Audit of published figures", _lead(audited), sections)


def _lead(audited: Sequence[Audited]) -> str:
    bad = sum(any(finding.grade == "impossible" for finding in found) for _, found in audited)
    clean = sum(not found for _, found in audited)
    said = f"{plural(len(audited), 'row')} of figures: {bad or 'none'} impossible, {clean} without a finding."
    return f"{said} A printed figure stands for every value that is printed so."


def _section(grade: Grade, audited: Sequence[Audited]) -> Section | None:
    lines = [
        (one.name, finding.rule, finding.said, one.source)
        for one, found in audited
        for finding in found
        if finding.grade == grade
    ]
    if not lines:
        return None
    blocks: tuple[Block, ...] = (Paragraph(MEANINGS[grade]), words_table(_HEADERS, lines, key="figures"))
    return Section(grade, grade.capitalize(), blocks)
