"""A flame graph as one SVG file that needs nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from bench.judge.flame.stacks import Frame, Group, Profile
from bench.show.text.words import plain
from bench.units import percent

WIDE, ROW, TOP, MARGIN = 1200.0, 17.0, 58.0, 10.0
CHARACTER = 6.6
LEAST = 0.3
"""Narrower boxes, in pixels, are left out."""

COLOURS: Mapping[Group, str] = {
    "server": "#9ecae1",
    "framework": "#a1d99b",
    "client": "#fdae6b",
    "application": "#fc9272",
    "Python": "#d9d9d9",
    "other": "#bcbddc",
}


@dataclass
class _Node:
    """A call with all that it called; `count`: samples in which it was on the stack."""

    frame: Frame | None
    count: int = 0
    children: "dict[Frame, _Node]" = field(default_factory=dict)


def graph(profile: Profile, title: str) -> str:
    """The SVG: outermost calls at the top, each box as wide as its share of the samples and told on hover."""
    root = _tree(profile)
    boxes = list(_boxes(root, 0.0, WIDE - 2 * MARGIN, 0, root.count))
    tall = TOP + ROW * (1 + max((depth for depth, *_ in boxes), default=0)) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:g} {tall:g}" font-family="monospace" '
        f'font-size="11" role="img"><title>{_text(title)}</title>',
        f'<rect width="{WIDE:g}" height="{tall:g}" fill="#ffffff"/>',
        f'<text x="{MARGIN:g}" y="22" font-size="15" font-family="sans-serif">{_text(title)}</text>',
        *_legend(),
        *(_box(*box, root.count) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _tree(profile: Profile) -> _Node:
    root = _Node(None)
    for stack, count in profile.stacks:
        root.count += count
        node = root
        for frame in stack:
            node = node.children.setdefault(frame, _Node(frame))
            node.count += count
    return root


def _boxes(node: _Node, left: float, wide: float, depth: int, whole: int) -> Iterator[tuple[int, float, float, _Node]]:
    """Each call below the node: its depth, where it begins and how wide it is."""
    for _, child in sorted(node.children.items(), key=lambda one: (one[0].file, one[0].function)):
        own = wide * child.count / node.count
        if own >= LEAST:
            yield depth, left, own, child
            yield from _boxes(child, left, own, depth + 1, whole)
        left += own


def _box(depth: int, left: float, wide: float, node: _Node, whole: int) -> str:
    frame = node.frame
    if frame is None:
        return ""
    x, y = MARGIN + left, TOP + ROW * depth
    room = int((wide - 4) / CHARACTER)
    name = frame.function if len(frame.function) <= room else f"{frame.function[: room - 1]}\u2026" if room > 2 else ""
    where = frame.package or frame.file.rpartition("/")[2]
    told = f"{frame.function} ({where}, {frame.group}): {percent(node.count / whole)} of the CPU time"
    label = f'<text x="{x + 2:.1f}" y="{y + 12:.1f}">{_text(name)}</text>' if name else ""
    return (
        f"<g><title>{_text(told)}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide - 0.5, LEAST):.1f}" height="{ROW - 1:g}" rx="1" '
        f'fill="{COLOURS[frame.group]}"/>{label}</g>'
    )


def _legend() -> Iterator[str]:
    x = MARGIN
    for group, colour in COLOURS.items():
        yield f'<rect x="{x:.1f}" y="34" width="12" height="12" rx="1" fill="{colour}"/>'
        yield f'<text x="{x + 16:.1f}" y="44">{group}</text>'
        x += 32 + CHARACTER * len(group)


def _text(text: str) -> str:
    return escape(plain(text))
