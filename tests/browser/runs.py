"""The pages that the tests look at: of the reference run, of many loads, and one whose names are meant to break it."""

import shutil
from dataclasses import replace
from pathlib import Path

import compare
from bench.model.cell import CellKey
from bench.model.config import Closed
from bench.model.samples import Samples
from tests.unit.builders import FLASK, plan, save

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference"

STACK = "<script>document.title='owned!'</script>"
SCENARIO = "<img src=x onerror=document.title='own'>"
"""Names of 40 characters, as long as a page must have room for."""

TITLE = "</title></style></svg><script>document.title='owned'</script>"


def reference_page(folder: Path) -> Path:
    """The page of the reference run as it is now made from its samples, in this folder."""
    shutil.copy(REFERENCE / "run.json", folder)
    for samples in ("cells", "searches"):
        shutil.copytree(REFERENCE / samples, folder / samples)
    return _page(folder)


def hostile_page(folder: Path) -> Path:
    """The page of a run of one stack, with markup in whatever a user may name."""
    shapes, titles = {STACK: FLASK}, {STACK: TITLE, SCENARIO: TITLE}
    planned = plan(shapes, {SCENARIO: (5, 10, 20)}, rates={SCENARIO: (100.0,)}, rounds=2, titles=titles)
    save(folder, planned, shapes, notes=(TITLE,))
    return _page(folder)


def many_page(folder: Path) -> Path:
    """The page of a run of several stacks under several loads, one of them failing requests under one load."""
    names = ("flask-sync", "flask-gthread", "flask-gevent", "fastapi-httpx", "fastapi-aiohttp")
    shapes = {name: replace(FLASK, capacity_rps=200.0 * place) for place, name in enumerate(names, start=1)}
    planned = plan(shapes, {"weather": (5, 10, 20, 40)}, rates={"weather": (50.0, 100.0)}, rounds=2)
    save(folder, planned, shapes, change=_failing)
    return _page(folder)


def _failing(key: CellKey, samples: Samples) -> Samples:
    if (key.stack, key.load) != ("flask-gevent", Closed(users=20)):
        return samples
    status = samples.status.copy()
    status[::5] = -503
    return replace(samples, status=status)


def _page(folder: Path) -> Path:
    assert compare.main(["report", str(folder)]) == 0
    return folder / "report.html"
