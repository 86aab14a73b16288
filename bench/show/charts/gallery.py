"""All charts of a run: drawn, written as SVG and PNG, and told in words for whoever cannot see them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from bench.judge.stacks.rows import Row
from bench.reading import JudgedRun
from bench.show.charts import frontier, in_flight, knee, percentiles, timeline
from bench.show.charts.against_load import SATURATION, against_load, at_saturation
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled

DPI = 130
FORMATS = ("svg", "png")
# Neither the day nor the drawing library's version: the same run gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
_DRAWN: dict[str, Callable[[JudgedRun, Sequence[Row]], Chart | None]] = {
    "throughput": partial(against_load, "throughput"),
    "p95": partial(against_load, "p95"),
    SATURATION: at_saturation,
    percentiles.NAME: percentiles.chart,
    knee.NAME: knee.chart,
    "cpu": partial(against_load, "cpu"),
    "memory": partial(against_load, "memory"),
    in_flight.NAME: in_flight.chart,
    frontier.NAME: frontier.chart,
    timeline.NAME: lambda reading, _: timeline.chart(reading),
}
NAMES = tuple(_DRAWN)
"""The charts in the order of the page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, drawn: the name of its files without ending, and its title.

    `finding`: what it says in one or two sentences, with the figures that carry it: its text alternative. `caution`:
    how it is misread, in one sentence. `svg` and `png`: both drawings, as they are written.
    """

    name: str
    title: str
    finding: str
    caution: str
    svg: bytes
    png: bytes


def pictures(reading: JudgedRun, rows: Sequence[Row], names: Iterable[str] = NAMES) -> Iterator[Picture]:
    """The charts of these names, by default all in the order of the page; what the run has no data for is left out.

    The same run gives the same bytes.
    """
    for draw in (_DRAWN[name] for name in names):
        # Not around the yield: the settings of the drawing library are none of the caller's.
        with styled():
            chart = draw(reading, rows)
            picture = None if chart is None else _picture(chart)
        if picture is not None:
            yield picture


def save_pictures(pictures: Iterable[Picture], folder: Path) -> tuple[Picture, ...]:
    """The pictures, which now lie in the folder; charts of an earlier drawing that are no more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for picture in pictures:
        for kind, data in zip(FORMATS, (picture.svg, picture.png), strict=True):
            (folder / f"{picture.name}.{kind}").write_bytes(data)
        saved.append(picture)
    for name in set(NAMES) - {picture.name for picture in saved}:
        for kind in FORMATS:
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
    return tuple(saved)


def _picture(chart: Chart) -> Picture:
    svg, png = (_written(chart.figure, kind) for kind in FORMATS)
    return Picture(chart.name, chart.title, chart.finding, chart.caution, own_ids(svg, chart.name), png)


def _written(figure: Figure, kind: str) -> bytes:
    target = BytesIO()
    figure.savefig(target, format=kind, dpi=DPI, metadata=_METADATA[kind])
    return target.getvalue()


def own_ids(svg: bytes, name: str) -> bytes:
    """The drawing with ids that begin with its name, so that none is met twice on a page with other drawings.

    What nothing in it refers to has no id any more: such ids come from the names of stacks, and may repeat. Comments,
    which repeat what is written, go too.
    """
    text = re.sub(r"<!--.*?-->\n?", "", svg.decode(), flags=re.DOTALL)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))

    def renamed(found: re.Match[str]) -> str:
        return f' id="{name}-{found[2]}"' if found[2] in used else ""

    text = re.sub(r""" id=(["'])(.*?)\1""", renamed, text)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text).encode()
