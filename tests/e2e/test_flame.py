"""Where the CPU time of a real server goes."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from .harness import Harness

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CONFIG = f"""
[stacks.burning]
argv = ["gunicorn", "--bind", "{{host}}:{{port}}", "--threads", "4", "--keep-alive", "75", "burning_here:app"]
threads = 4
ready_path = "/ready"
cwd = "{APPS}"

[scenarios.burn]
path = "/burn"
"""


def test_the_function_that_burns_comes_first_and_nothing_is_left(harness: Harness, tmp_path: Path) -> None:
    config = tmp_path / "burning.toml"
    config.write_text(CONFIG, encoding="utf-8")
    done = harness.run(
        "flame", "burning", "burn", "--config", config, "--users", "4", "--window", "2", "--out", tmp_path / "out"
    )
    assert done.code == 0, done.err
    table = done.out.split("CPU time of the functions themselves")[1]
    first = next(line for line in table.splitlines() if line.startswith("burn_for"))
    assert "application" in first
    assert float(first.split()[-4]) > 50
    (svg,) = (tmp_path / "out").iterdir()
    assert svg.name == "burning-burn.svg"
    told = "".join(ET.parse(svg).getroot().itertext())
    assert "burn_for" in told
    assert harness.left() == []


def test_a_stack_that_does_not_exist_is_refused(harness: Harness) -> None:
    done = harness.run("flame", "nobody", "weather")
    assert done.code == 2
    assert "nobody" in done.err
