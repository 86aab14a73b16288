"""The TOML, Python, JSON and YAML blocks of the pages are valid."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.plan.published import load_published

from .markdown import PAGES, ROOT, Block, blocks
from .project import tables_of

READ: Mapping[str, Callable[[str], object]] = {
    "python": lambda text: compile(text, "block", "exec"),
    "json": json.loads,
    "yaml": YAML(typ="safe", pure=True).load,
}
EXAMPLES = sorted(
    file
    for file in (*ROOT.glob("docs/examples/*/*.toml"), *ROOT.glob("examples/*/*.toml"))
    if file.parent.name != "audit"  # figures of others: nothing to measure
)


@pytest.mark.parametrize("page", [page for page in PAGES if any(block.language == "toml" for block in blocks(page))])
def test_every_table_of_a_page_is_valid(page: str, tmp_path: Path) -> None:
    files = [file for _, file in tables_of(page, tmp_path)]
    published = [file for file in files if "figures" in tomllib.loads(file.read_text("utf-8"))]
    load_config([DEFAULT_CONFIG, *(file for file in files if file not in published)])
    assert all(load_published(file) for file in published)


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in blocks(page) if block.language in READ],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_a_block_of_code_can_be_read(block: Block) -> None:
    READ[block.language](block.text)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_every_profile_of_an_example_can_be_planned(file: Path) -> None:
    config = load_config([DEFAULT_CONFIG, file])
    for name in config.profiles.keys() - load_config([DEFAULT_CONFIG]).profiles.keys():
        planned = make_plan(config, name)
        assert all((ROOT / scenario.locustfile).is_file() for scenario in planned.scenarios.values())
        assert all((ROOT / stack.cwd).is_dir() for stack in planned.stacks.values())
