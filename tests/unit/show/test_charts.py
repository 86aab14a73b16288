import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.judge.comparison import rows
from bench.judge.metrics import BY_NAME
from bench.model import Cell, Closed, Plan, Problem
from bench.show.charts import CHARTS, draw, save_charts
from bench.show.style import styled
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of, save

ROOT = Path(__file__).resolve().parents[3]
LATE = Problem("upstream late", "off by 6 ms", ("latency",))


def chart(planned: Plan, cells: Sequence[Cell], metric: str = "throughput") -> Figure:
    with styled():
        return draw(run_of(planned, tuple(cells)), rows(cells, planned), BY_NAME[metric])


TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100, 500)})


def test_a_stack_has_one_colour_and_one_marker_on_every_chart() -> None:
    names = [f"stack {number}" for number in range(8)]
    planned = plan(dict.fromkeys(names, Shape(1)), {"weather": (10, 100), "health": (10,)}, rounds=1)
    cells = [
        cell(name, users, scenario=scenario, throughput_rps=10.0 + place, p95_s=2.0 - place / 10)
        for place, name in enumerate(names)
        for scenario, users in PANELS
    ]
    looks: dict[str, set[tuple[str, str]]] = {name: set() for name in names}
    for metric in CHARTS:
        figure = chart(planned, cells, metric)
        for found in (*figure.axes[0].lines, *figure.axes[1].lines, *figure.artists):
            kind, _, name = str(found.get_gid()).partition(":")
            if kind in {"mean", "key"} and isinstance(found, Line2D):
                colour = found.get_color() if kind == "key" else found.get_markerfacecolor()
                looks[name].add((to_hex(colour), str(found.get_marker())))
    assert all(len(look) == 1 for look in looks.values())
    assert len(set.union(*looks.values())) == 8
    assert len({marker for look in looks.values() for _, marker in look}) == 8


PANELS = (("weather", 10), ("weather", 100), ("health", 10))


def test_a_ninth_stack_shares_no_look_with_another() -> None:
    names = [f"stack {number}" for number in range(12)]
    figure = chart(plan(dict.fromkeys(names, Shape(1)), {"weather": (10,)}, rounds=1), [])
    keys = [(str(key.get_color()), str(key.get_marker())) for key in figure.artists if isinstance(key, Line2D)]
    assert len(set(keys)) == 12


@pytest.mark.parametrize(
    ("count", "metric"), [(1, "throughput"), (2, "p95"), (8, "throughput"), (8, "p95"), (8, "memory")]
)
def test_no_text_is_cut_off_or_runs_into_another(count: int, metric: str) -> None:
    names = [f"{'x' * 36}-{number:03d}" for number in range(count)]
    planned = plan(dict.fromkeys(names, Shape(1, slots=8)), LOADS, titles={"weather": "A long title " * 12})
    cells = [
        cell(
            name, users, n, scenario=scenario, throughput_rps=10.0 * place * n, p95_s=place / 7, pss_bytes=place * 10**9
        )
        for place, name in enumerate(names, start=1)
        for scenario, loads in LOADS.items()
        for users in loads
        for n in (1, 2, 3)
    ]
    cells = [replace(one, problems=(LATE,)) if one.load == Closed(users=500) else one for one in cells]
    figure = chart(planned, cells, metric)
    with styled():
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        texts = [*figure.texts]
        for axes in figure.axes:
            texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]  # type: ignore[attr-defined]
            texts += [*axes.get_xticklabels(), *axes.get_yticklabels()]
        shown = [text for text in texts if text.get_visible() and text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    page = figure.bbox
    for said, box in boxes:
        assert box.x0 >= page.x0, said
        assert box.y0 >= page.y0, said
        assert box.x1 <= page.x1, said
        assert box.y1 <= page.y1, said
    for (one, box), (other, second) in combinations(boxes, 2):
        assert not box.padded(-0.5).overlaps(second.padded(-0.5)), (one, other)
    for axes in figure.axes:
        for text in figure.texts:
            assert not axes.bbox.overlaps(text.get_window_extent(renderer)), text.get_text()


LOADS = {"weather": (1, 10, 100, 500, 520), "health": (100,), "compute": (1, 2)}


@pytest.mark.parametrize("name", ["$x$", "_a_", "<script>", "a\nb", "\\frac{1}{2}", "$", "100 %"])
def test_a_name_is_drawn_as_it_is(name: str, tmp_path: Path) -> None:
    planned = plan({name: Shape(1), "b": Shape(1)}, {"weather": (10, 100)}, rounds=1, titles={"weather": name})
    cells = [cell(name, users) for users in (10, 100)]
    figure = chart(planned, cells)
    assert name.replace("\n", " ") in [text.get_text() for text in figure.texts]
    assert not any(text.get_parse_math() for text in figure.texts)
    save_charts(run_of(planned, tuple(cells)), rows(cells, planned), tmp_path)
    assert "<script>" not in (tmp_path / "throughput.svg").read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_bytes_in_another_process_and_folder(tmp_path: Path) -> None:
    shapes = {"sync": SYNC, "loop": FASTAPI}
    planned = plan(shapes, {"weather": (10, 20)}, rounds=2)
    run = save(tmp_path / "run", planned, shapes)
    here = save_charts(run, rows(run.cells, planned), tmp_path / "here")
    (tmp_path / "matplotlibrc").write_text(
        "lines.linewidth: 9\nfont.size: 30\naxes.titleweight: bold\nxtick.labelsize: 20\nlines.solid_capstyle: round\n",
        encoding="utf-8",
    )
    program = (
        "import sys; from pathlib import Path; from bench.record.store import load_run;"
        "from bench.judge.comparison import rows; from bench.show.charts import save_charts;"
        "run = load_run(Path('run')); save_charts(run, rows(run.cells, run.config), Path('there'))"
    )
    subprocess.run(
        (sys.executable, "-c", program),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77", "MATPLOTLIBRC": str(tmp_path)},
        check=True,
    )
    assert len(here) == 6
    for path in here:
        there = tmp_path / "there" / path.name
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(there.read_bytes()).digest(), path.name


def test_files_name_neither_the_day_nor_the_version(tmp_path: Path) -> None:
    save_charts(run_of(TWO), (), tmp_path)
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        for word in (b"<dc:date", b"tEXt", b"Matplotlib v"):
            assert word not in data, path.name
