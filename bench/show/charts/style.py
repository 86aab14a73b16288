"""How charts look: a colour and a marker for each stack, and settings that no file of the user changes."""

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from bench.errors import cut
from bench.model.config import Interface, Plan

# One hue for each interface, apart for colour-blind readers too; shades that differ in grey. See also the markers.
SHADES: Mapping[Interface | None, tuple[str, ...]] = {
    "wsgi": ("#08335e", "#1f6fb5", "#5b9fd8"),
    "asgi": ("#6e2a00", "#c8500a", "#ee8f3f"),
    None: ("#3f2a5c", "#7a5aa8", "#a98fd0"),
}
# No multiple of the shades, so that the fourth stack of an interface has the first shade but not the first marker.
# Hexagons and stars look like dots where they are this small.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "p", ">")
INK = "#222222"
QUIET = "#666666"
TEXT_POINTS = 8.5
TITLE_POINTS = 13.0
PANEL_TITLE_POINTS = 9.5
VALUE_POINTS = 8.0
BAR_WIDE = 0.72
# Small letters on whole pixels take up to this much more room than their outlines.
HINTING = 1.07
LONGEST_DRAWN, LONGEST_TITLE, LONGEST_NAME = 2000, 300, 80
"""Characters of a text on a chart, of a title, and of a name in the legend."""


_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT_POINTS,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT_POINTS,
    "axes.titlesize": PANEL_TITLE_POINTS,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
    "ytick.major.size": 0.0,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "flask-vs-fastapi-bench",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What distinguishes a stack's data, in colour and in greyscale."""

    colour: str
    marker: str


def marks(plan: Plan) -> dict[str, Mark]:
    """The mark of each stack, by its interface and its place in the plan: the same on every chart of a run."""
    return marks_of({name: plan.stacks[name].interface for name in plan.profile.stacks})


def marks_of(interfaces: Mapping[str, Interface | None]) -> dict[str, Mark]:
    """The mark of each stack, by its interface."""
    found: dict[str, Mark] = {}
    of_interface: Counter[Interface | None] = Counter()
    for place, (name, interface) in enumerate(interfaces.items()):
        shades = SHADES[interface]
        found[name] = Mark(shades[of_interface[interface] % len(shades)], MARKERS[place % len(MARKERS)])
        of_interface[interface] += 1
    return found


@contextmanager
def styled() -> Iterator[None]:
    """Use matplotlib's defaults and the settings above; restore the user's settings afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def width_in(text: str, points: float = TEXT_POINTS, *, bold: bool = False) -> float:
    """The greatest width of a line of text, in inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(weight="bold" if bold else "normal", size=points)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)  # the outlines would take longer
    return HINTING * float(width) / 72


def wrapped(text: str, room_in: float, points: float = TEXT_POINTS, *, bold: bool = False) -> list[str]:
    """`text` in lines that are no wider than the room; a wider word is broken too.

    A text of more than LONGEST_DRAWN characters is cut.
    """

    def fits(line: str) -> bool:
        return width_in(line, points, bold=bold) <= room_in

    lines: list[str] = []
    line = ""
    for word in cut(text, LONGEST_DRAWN).split():
        longer = f"{line} {word}" if line else word
        if fits(longer):
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while not fits(line) and len(line) > 1:
            most = _fitting(line, fits)
            lines.append(line[:most])
            line = line[most:]
    return [*lines, line] if line else lines


def _fitting(word: str, fits: Callable[[str], bool]) -> int:
    """How many of the first characters of the word fit, and at least one."""
    return max(bisect(range(1, len(word)), False, key=lambda size: not fits(word[:size])), 1)
