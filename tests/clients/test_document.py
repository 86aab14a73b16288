"""docs/httpx.md's generated part, from a made-up run and made-up profiles."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.record.store import load_run
from examples.clients.document import SEARCH, write
from examples.clients.flames import Flame, Function
from examples.clients.kept import Flames, Profiles, keep, keep_flames, kept_flames, kept_profiles
from tests.unit.builders import FASTAPI, FLASK, Shape, plan, save

from .test_tables import profile

SLOW = replace(FLASK, cpu_s=0.01, slots=None)
SHAPES: dict[str, Shape] = {"httpx": SLOW, "aiohttp": FASTAPI}
PROFILES = Profiles(
    "2026-01-02T03:04:05+00:00",
    {"httpx": "0.28.1", "httpcore": "1.0.9"},
    (profile("httpx", 100), profile("aiohttp", 100)),
)


def flame(client: str, users: int, name: str, package: str, share: float) -> Flame:
    found = Function(name, package, share, share)
    return Flame(client, users, 1000, (found, Function("run", "asyncio", 1 - share, 1.0)))


FLAMES = Flames(
    "2026-01-03T03:04:05+00:00",
    {"httpcore": "1.0.9"},
    (
        flame("httpx-1000", 10, SEARCH, "httpcore", 0.25),
        flame("httpx-1000", 100, SEARCH, "httpcore", 0.75),
        flame("aiohttp", 10, "write", "aiohttp", 0.5),
        flame("aiohttp", 100, "write", "aiohttp", 0.6),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What was measured and kept, beside what an earlier measurement had left."""
    measured, kept = tmp_path / "measured", tmp_path / "results" / "clients"
    save(measured, plan(SHAPES, {"weather": (10, 100)}), SHAPES)
    (measured / "logs").mkdir()
    kept.mkdir(parents=True)
    (kept / "earlier").touch()
    keep(measured, PROFILES, kept)
    keep_flames(FLAMES, kept)
    return kept


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "docs" / "clients.md"
    page.parent.mkdir()
    page.write_text("# Title\n<!-- report:begin -->\n<!-- report:end -->\nthe end\n")
    return page


def test_what_is_kept_is_the_record_the_profiles_and_the_flames(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"run.json", "profiles.json", "flames.json"}
    assert {cell.samples for cell in load_run(folder).cells} == {None}
    assert kept_profiles(folder) == PROFILES
    assert kept_flames(folder) == FLAMES


def test_the_page_shows_what_was_kept_and_is_the_same_each_time(folder: Path, page: Path) -> None:
    write(folder, page)
    text = page.read_text("utf-8")
    for part in ("3 rounds, started 2026-01-02", "](../results/clients/charts/cpu.svg)", "httpcore 1.0.9", "the end"):
        assert part in text
    for heading in ("### CPU per request", "against httpx", "### Throughput", "### CPU time per call"):
        assert heading in text
    assert text.index("charts/cpu.png") < text.index("charts/throughput.png")
    charts = {path.name: path.read_bytes() for path in (folder / "charts").iterdir()}
    assert set(charts) == {"cpu.png", "cpu.svg", "throughput.png", "throughput.svg"}
    write(folder, page)
    assert page.read_text("utf-8") == text
    assert {path.name: path.read_bytes() for path in (folder / "charts").iterdir()} == charts


def test_the_figures_of_its_sentences_come_from_the_flames(folder: Path, page: Path) -> None:
    write(folder, page)
    text = page.read_text("utf-8")
    assert "take 75.0 % of the server's CPU time; with 10 users they take 25.0 %." in text
    assert "functions of the package aiohttp together take 60.0 %." in text
    assert "| httpx-1000 | 25.0 % | 75.0 % |" in text
    assert "| httpcore | 75.0 % | 0 % | +75.0 points |" in text


@pytest.mark.parametrize("file", ["profiles.json", "flames.json"])
def test_a_page_is_not_written_without_them(file: str, folder: Path, page: Path) -> None:
    before = page.read_text("utf-8")
    (folder / file).unlink()
    with pytest.raises(BenchError, match=re.escape(file)):
        write(folder, page)
    assert page.read_text("utf-8") == before
