"""What stands where on the page: tables by scenario, passages, and the table of contents over them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.run import Run
from bench.show.charts.gallery import Picture
from bench.show.report.content import Content, Group
from bench.show.text.sheet import Passage

_MARK = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Table:
    """The stacks under one load: where links to it lead, the load as its heading, and the figures."""

    anchor: str
    title: str
    group: Group


@dataclass(frozen=True, slots=True)
class Section:
    """A scenario and its tables."""

    anchor: str
    title: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the table of contents, and the lines below it."""

    anchor: str
    title: str
    below: tuple["Link", ...] = ()


def sections(run: Run, groups: Sequence[Group]) -> tuple[Section, ...]:
    """The scenarios that were measured, in the order of the plan, each with its tables. `groups` are those of the run.

    They stand in that order too, one for each load of a scenario that was measured.
    """
    found: list[Section] = []
    done = 0
    for name in run.config.profile.loads:
        title = run.config.scenarios[name].title
        measured = {cell.load for cell in run.cells if cell.scenario == name}
        own = groups[done : done + len(measured)]
        if own:
            tables = (
                Table(f"table-{number}", group.title.removeprefix(f"{title}, "), group)
                for number, group in enumerate(own, start=done + 1)
            )
            found.append(Section(f"scenario-{len(found) + 1}", title, tuple(tables)))
        done += len(own)
    return tuple(found)


def passages(content: Content) -> tuple[tuple[str, Passage], ...]:
    """The passages that the run has, each after its anchor."""
    named = (("ratios", content.ratios), ("reasons", content.reasons), ("reproduction", content.reproduction))
    return tuple((anchor, passage) for anchor, passage in named if passage is not None)


def contents(
    content: Content,
    scenarios: Sequence[Section],
    said: Sequence[tuple[str, Passage]],
    pictures: Sequence[Picture],
) -> tuple[Link, ...]:
    """The headings that stand below the table of contents, in their order."""
    return (
        Link("reading", "Reading the tables"),
        *(
            Link(one.anchor, one.title, tuple(Link(table.anchor, table.title) for table in one.tables))
            for one in scenarios
        ),
        *([Link("problems", "Problems")] if content.problems else []),
        *([Link("remarks", "Remarks")] if content.remarks else []),
        *(Link(anchor, passage.title) for anchor, passage in said),
        *(
            [Link("charts", "Charts", tuple(Link(f"chart-{one.name}", one.title) for one in pictures))]
            if pictures
            else []
        ),
        Link("stacks", "Stacks"),
        Link("made", "How it was made"),
    )


def marked(text: str) -> tuple[str | int, ...]:
    """The parts of a text in their order: words, and each mark in it, such as [3], as the number of its problem."""
    parts = _MARK.split(text)
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts) if part.strip())
