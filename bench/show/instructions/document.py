"""Counted instructions as a document: a table of one side, or the verdict on two."""

from collections.abc import Iterator, Sequence

from bench.judge.instructions.changes import Change, Changes, Counts
from bench.model.config import Closed
from bench.model.instructions import Counted
from bench.model.loads import load_name
from bench.model.run import Revision
from bench.show.text.document import Block, Document, Paragraph, Section, Table, points, words_table
from bench.show.text.words import commit, listed, plural
from bench.units import NOTHING, count, figure, signed_percent, threshold

ABOUT = (
    "Instructions per request of the application and its client in one process, counted by valgrind's callgrind on "
    "asyncio's own event loop. Not in it: the server program, the kernel, waiting, locks and cache misses."
)


def table_of(counts: Counts) -> Document:
    """Instructions per request: a row for each scenario and number of users, a column for each stack."""
    return Document("Instructions per request", "", (by_stack(counts.counted), Paragraph(ABOUT)))


def by_stack(counted: Sequence[Counted]) -> Table:
    """A row for each scenario and number of users, a column for each stack."""
    stacks = list(dict.fromkeys(one.stack for one in counted))
    rows = dict.fromkeys((one.scenario, one.users) for one in counted)
    found = {(one.stack, one.scenario, one.users): count(round(one.per_request)) for one in counted}
    return words_table(
        ("scenario", "in flight", *stacks),
        [
            (scenario, str(users), *(found.get((stack, scenario, users), NOTHING) for stack in stacks))
            for scenario, users in rows
        ],
        right=("in flight", *stacks),
    )


def verdict(changes: Changes) -> Document:
    """The verdict as title, and all changes."""
    blocks: list[Block] = [
        Paragraph(_sides(changes)),
        section(changes),
        *points(layouts(changes)),
        Paragraph(ABOUT),
    ]
    return Document(headline(changes), why(changes), tuple(blocks))


def section(changes: Changes) -> Section:
    """All changes in one table, those that the verdict comes from first."""
    deciding = list(changes.deciding)
    others = [one for one in changes.changes if one not in deciding]
    table = words_table(
        ("stack", "load", "base", "head", "change", "verdict"),
        [_line(one) for one in (*deciding, *others)],
        key="stack",
        right=("base", "head", "change"),
    )
    return Section("instructions", "Instructions per request", (table,))


def layouts(changes: Changes) -> Iterator[str]:
    """A sentence for each change that was counted in several layouts of memory."""
    for one in changes.changes:
        if one.pair.again:
            found = listed([signed_percent(relative) for relative in one.all])
            where = f"{one.base.stack}, {_load(one.base)}"
            yield f"{where} was counted in {len(one.all)} layouts of memory: {found}. The median counts."


def headline(changes: Changes) -> str:
    """The verdict, and the largest change that it comes from."""
    if not changes.deciding:
        return f"{changes.verdict}: {plural(len(changes.changes), 'count')}, each within its gate"
    first, *rest = changes.deciding
    more = f"; and {len(rest)} more" if rest else ""
    return f"{changes.verdict}: {sentence(first)}{more}"


def why(changes: Changes) -> str:
    """Why that is the verdict."""
    if changes.deciding:
        return f"The instructions per request changed by more than {threshold(changes.deciding[0].gate)}."
    least, *wider = sorted({one.gate for one in changes.changes})
    several = f" ({threshold(wider[-1])} with several requests in flight)" if wider else ""
    return f"No count of head differs from that of base by more than {threshold(least)}{several}."


def sentence(one: Change) -> str:
    """A change as part of a sentence: `flask-gthread, weather, 1 user: instructions per request +2.31 %`."""
    return f"{one.base.stack}, {_load(one.base)}: instructions per request {signed_percent(one.relative)}"


def _line(one: Change) -> tuple[str, ...]:
    before, after = (figure(side.per_request, "instructions") for side in (one.base, one.head))
    return (one.base.stack, _load(one.base), before, after, signed_percent(one.relative), one.verdict)


def _load(counted: Counted) -> str:
    return f"{counted.scenario}, {load_name(Closed(users=counted.users))}"


def _sides(changes: Changes) -> str:
    named = (f"{name}: {_named(side.revision)}." for name, side in (("Base", changes.base), ("Head", changes.head)))
    return " ".join(named)


def _named(revision: Revision | None) -> str:
    if revision is None:
        return "the files as they lie there"
    return f"{revision.ref} ({commit(revision.commit, dirty=revision.dirty)})"
