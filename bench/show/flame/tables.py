"""The functions with most CPU time of their own, by package, and how two stacks differ."""

from collections.abc import Mapping, Sequence

from bench.judge.flame.stacks import Frame, Profile, by_function, by_group, differences
from bench.show.text.document import Block, Document, Paragraph, Section, words_table
from bench.units import percent

MOST = 15


def document(profiles: Mapping[str, Profile], scenario: str, load: str) -> Document:
    """The tables of one stack, or of two with their difference."""
    parts: list[Block] = [_groups(profiles)]
    for number, (stack, profile) in enumerate(profiles.items(), start=1):
        parts.append(Section(f"functions-{number}", f"{stack}: CPU time of the functions themselves", (_top(profile),)))
    if len(profiles) == 2:
        (one, first), (other, second) = profiles.items()
        table = words_table(
            ("function", "of", one, other),
            [
                (frame.function, _where(frame), percent(share), percent(beside))
                for frame, share, beside in differences(first, second)[:MOST]
            ],
            right=(one, other),
        )
        parts.append(Section("difference", "What differs most", (table,)))
    counts = "; ".join(f"{stack}: {profile.samples} samples" for stack, profile in profiles.items())
    lead = (
        f"Where the CPU time goes on {scenario} under {load} ({counts}). What C code does is counted with the Python "
        "function that called it. Self: the function alone. Total: with all that it called. The profiler slows the "
        "server down, so nothing else was measured."
    )
    return Document("", "", (Paragraph(lead), *parts))


def _groups(profiles: Mapping[str, Profile]) -> Section:
    shares = {stack: by_group(profile) for stack, profile in profiles.items()}
    names = list(next(iter(shares.values())))
    table = words_table(
        ("part", *profiles),
        [(name, *(percent(share[name]) for share in shares.values())) for name in names],
        right=tuple(profiles),
    )
    return Section("parts", "Share of the CPU time", (table,))


def _top(profile: Profile) -> Block:
    rows: Sequence[Sequence[str]] = [
        (one.frame.function, _where(one.frame), one.frame.group, percent(one.share), percent(one.total))
        for one in by_function(profile)[:MOST]
    ]
    return words_table(("function", "of", "part", "self", "total"), rows, right=("self", "total"))


def _where(frame: Frame) -> str:
    """The package, or the file of a function that is in none."""
    return frame.package or frame.file.rpartition("/")[2]
