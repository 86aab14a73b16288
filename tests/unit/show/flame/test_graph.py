"""The flame graph and the tables."""

import re
from xml.etree import ElementTree as ET

import pytest

from bench.judge.flame.stacks import parsed
from bench.show.flame.graph import COLOURS, MARGIN, WIDE, graph
from bench.show.flame.tables import document
from bench.show.text import terminal
from tests.unit.judge.flame.test_stacks import RAW, SHOP

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg: str) -> dict[str, tuple[float, float, float, str]]:
    """Of each box by what it tells: its place, its width and its colour."""
    root = ET.fromstring(svg)
    found = {}
    for group in root.findall(f"{SVG}g"):
        box, told = group.find(f"{SVG}rect"), group.find(f"{SVG}title")
        assert box is not None
        assert told is not None
        found[str(told.text)] = (
            float(box.attrib["x"]), float(box.attrib["y"]), float(box.attrib["width"]), box.attrib["fill"],
        )  # fmt: skip
    return found


def test_each_box_is_as_wide_as_its_share_and_stands_below_its_caller() -> None:
    found = boxes(graph(parsed(RAW, SHOP), "flask"))
    spin = found["spin (mystery, other): 40.0 % of the CPU time"]
    assert spin[2] == pytest.approx(0.4 * (WIDE - 2 * MARGIN), abs=1)
    run = next(one for told, one in found.items() if told.startswith("run (threading.py, Python): 70.0 %"))
    assert spin[1] > run[1]
    assert run[0] <= spin[0] <= run[0] + run[2]
    assert spin[3] == COLOURS["other"]


def test_it_is_one_file_that_needs_nothing_else() -> None:
    svg = graph(parsed(RAW, SHOP), "flask & <friends>")
    assert "flask &amp; &lt;friends&gt;" in svg
    assert not re.search(r"href|url\(|<script|@import", svg)


def test_the_same_profile_gives_the_same_graph() -> None:
    assert graph(parsed(RAW, SHOP), "x") == graph(parsed(RAW, SHOP), "x")


def test_the_tables_name_the_functions_and_the_difference_of_two_stacks() -> None:
    other = parsed(RAW.replace(" 40\n", " 140\n"), SHOP)
    said = terminal.render(document({"a": parsed(RAW, SHOP), "b": other}, "weather", "100 users"))
    assert re.search(r"spin +mystery +other +40.0 %", said)
    assert re.search(r"spin +mystery +40.0 % +70.0 %", said)
    assert "a: 100 samples; b: 200 samples" in " ".join(said.split())
    assert re.search(r"handle +gunicorn +server +10.0 % +30.0 %", said)
    assert re.search(r"function +of +part +self +total", said)
    alone = terminal.render(document({"a": parsed(RAW, SHOP)}, "weather", "100 users"))
    assert "What differs most" not in alone
