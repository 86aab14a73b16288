import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from bench.judge.cell.percentiles import Curve
from bench.judge.stacks.rows import rows
from bench.reading import JudgedRun, read_run
from bench.show.charts import gallery as gallery_module
from bench.show.charts.gallery import NAMES, own_ids, pictures, save_pictures
from bench.show.text.document import Picture
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, save
from tests.unit.show.charts.readings import LOST, crowd, reading, rows_of

ROOT = Path(__file__).resolve().parents[4]
ALL = (
    "throughput",
    "p95",
    "p95-saturation",
    "memory",
    "cpu",
    "percentiles",
    "knee",
    "memory-in-flight",
    "frontier",
    "timeline",
)


def gallery(found: JudgedRun) -> tuple[Picture, ...]:
    return tuple(pictures(found, rows_of(found)))


def names(found: JudgedRun) -> tuple[str, ...]:
    return tuple(picture.name for picture in gallery(found))


@pytest.fixture(scope="module")
def drawn() -> tuple[Picture, ...]:
    """All pictures of a run. They take seconds, so they are drawn once."""
    return gallery(crowd(2, names=("loop", 'a" id="b')))


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts without their files, which are most of the work: for tests of names and words."""
    monkeypatch.setattr(gallery_module, "_written", lambda _figure, _kind: b"")


def test_a_whole_run_has_all_pictures_in_the_order_of_the_page(drawn: tuple[Picture, ...]) -> None:
    assert tuple(picture.name for picture in drawn) == NAMES[1:] == ALL  # without searches there is no first one
    for picture in drawn:
        assert picture.svg.startswith(b"<?xml")
        assert picture.png.startswith(b"\x89PNG")
        assert picture.title
        assert re.search(r"[0-9]", picture.finding), picture.name
        assert picture.finding.endswith("."), picture.name
        assert picture.caution.endswith("."), picture.name
        assert not any("\n" in said for said in (picture.title, picture.finding, picture.caution))


def test_no_id_is_met_twice_on_a_page_with_all_of_them(drawn: tuple[Picture, ...]) -> None:
    ids = [found for picture in drawn for found in re.findall(rb""" id=["'](.*?)["']""", picture.svg)]
    assert len(ids) == len(set(ids)) > 50
    for picture in drawn:
        own = set(re.findall(rb' id="(.*?)"', picture.svg))
        asked = re.findall(rb'(?:href="|url\()#([^")]+)', picture.svg)
        assert set(asked) == own
        assert all(found.startswith(picture.name.encode() + b"-") for found in own)


def test_what_refers_to_an_id_still_does() -> None:
    svg = b"""<g id="mean:a"><path id="m1"/><!-- href="#mean:a" --><use xlink:href="#m1" style="fill: url(#h2)"/></g>"""
    svg += b"""<g id='x"y'/><pattern id="h2"/>"""
    wanted = b"""<g data-mark="mean" data-stack="a"><path id="cpu-m1"/>"""
    wanted += b"""<use xlink:href="#cpu-m1" style="fill: url(#cpu-h2)"/></g>"""
    assert own_ids(svg, "cpu") == wanted + b"""<g/><pattern id="cpu-h2"/>"""


def test_what_a_mark_tells_is_no_link() -> None:
    svg = b"""<a xlink:href="flask &amp; co: 845/s"><use xlink:href="#m1"/></a><path id="m1"/>"""
    assert own_ids(svg, "cpu") == (
        b"""<g data-told="flask &amp; co: 845/s"><use xlink:href="#cpu-m1"/></g><path id="cpu-m1"/>"""
    )


def test_words_that_look_like_attributes_stay_words_and_a_target_is_not_told() -> None:
    svg = b"""<a xlink:href="845/s" target="_blank"><text>a id="b" href="#c"</text></a>"""
    assert own_ids(svg, "cpu") == b"""<g data-told="845/s"><text>a id="b" href="#c"</text></g>"""


@pytest.mark.usefixtures("unwritten")
def test_a_run_of_closed_loads_only_has_no_second_chart_of_latency() -> None:
    assert names(crowd(2, rates=())) == tuple(name for name in ALL if name != "p95-saturation")


@pytest.mark.usefixtures("unwritten")
def test_a_run_of_open_loads_only_has_neither_knee_nor_frontier() -> None:
    closed = {"p95-saturation", "knee", "frontier"}
    assert names(crowd(2, closed=())) == tuple(name for name in ALL if name not in closed)


@pytest.mark.usefixtures("unwritten")
def test_a_run_of_one_load_in_one_round_of_one_stack_has_no_knee() -> None:
    left_out = {"p95-saturation", "knee"}
    assert names(crowd(1, closed=(10,), rates=(), rounds=1)) == tuple(name for name in ALL if name not in left_out)


@pytest.mark.usefixtures("unwritten")
def test_where_nothing_is_reliable_the_charts_that_are_left_say_so() -> None:
    left = {picture.name: picture for picture in gallery(crowd(2, problems=(LOST,)))}
    assert set(left) == set(ALL) - {"memory-in-flight", "frontier"}
    for picture in left.values():
        assert "reliable" in picture.finding, picture.name


def test_a_run_without_a_cell_has_no_picture() -> None:
    assert gallery(reading(plan({"a": Shape(1)}, {"weather": (10,)}), [])) == ()


def test_a_name_breaks_no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = gallery_module._written
    monkeypatch.setattr(
        gallery_module, "_written", lambda figure, kind: written(figure, kind) if kind == "svg" else b""
    )
    for picture in gallery(crowd(3, names=("$x$", "<script>", "a\nb"), closed=(1, 10), rates=(), rounds=1)):
        assert b"<script>" not in picture.svg
        assert "\n" not in picture.title + picture.finding


def test_the_settings_of_the_drawing_library_are_the_callers_between_two_pictures() -> None:
    found = crowd(1, rates=(), rounds=1)
    with mpl.rc_context({"font.size": 30.0}):
        next(pictures(found, rows_of(found)))
        assert mpl.rcParams["font.size"] == 30.0


def test_charts_of_an_earlier_drawing_that_are_no_more_are_removed_and_other_files_kept(tmp_path: Path) -> None:
    for name in ("knee.svg", "knee.png", "mine.svg"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    one = Picture("p95", "P95", "It is so.", "It is misread.", b"<svg/>", b"png")
    assert save_pictures(iter([one]), tmp_path) == (one,)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "mine.svg": b"old",
        "p95.svg": b"<svg/>",
        "p95.png": b"png",
    }


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_in_another_process_and_folder(tmp_path: Path) -> None:
    shapes = {"sync": SYNC, "loop": FASTAPI}
    save(tmp_path / "run", plan(shapes, {"weather": (10,)}, rounds=1, rates={"weather": (50.0,)}), shapes)
    found = read_run(tmp_path / "run", charts=True)
    here = save_pictures(pictures(found, rows(found.run.cells, found.run.config)), tmp_path / "here")
    (tmp_path / "matplotlibrc").write_text(
        "lines.linewidth: 9\nfont.size: 30\naxes.titleweight: bold\nxtick.labelsize: 20\nlines.solid_capstyle: round\n",
        encoding="utf-8",
    )
    program = (
        "from pathlib import Path; from bench.reading import read_run; from bench.judge.stacks.rows import rows;"
        "from bench.show.charts.gallery import pictures, save_pictures; found = read_run(Path('run'), charts=True);"
        "save_pictures(pictures(found, rows(found.run.cells, found.run.config)), Path('there'))"
    )
    subprocess.run(
        (sys.executable, "-c", program),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77", "MATPLOTLIBRC": str(tmp_path)},
        check=True,
    )
    assert {picture.name for picture in here} >= {"throughput", "p95", "p95-saturation", "percentiles", "timeline"}
    for path in (tmp_path / "here").iterdir():
        there = tmp_path / "there" / path.name
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(there.read_bytes()).digest(), path.name


def test_files_name_neither_the_day_nor_the_version() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (10,)}, rounds=1)
    for picture in gallery(reading(planned, [cell("a")], {0: Curve((1.0,), (0.1,))})):
        for word in (b"<dc:date", b"tEXt", b"Matplotlib v"):
            assert word not in picture.svg + picture.png, picture.name
