"""The list of stacks, scenarios and profiles."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from bench.__main__ import main
from bench.commands.list import WIDTH, entry
from bench.plan.config import DEFAULT_CONFIG, load_config

LONG = "a-name-" + "x" * 73
MINE = f"""
[stacks.{LONG}]
title = "{"wörter " * 40}"
interface = "wsgi"
argv = ["a"]
[stacks."{"語" * 60}"]
title = "{"標題" * 60}"
interface = "wsgi"
argv = ["a"]
[scenarios.plain]
path = "/"
[profiles.wide]
stacks = ["{LONG}"]
scenarios = ["plain"]
users = {list(range(1, 200))}
rates = [0.5, 1000000]
scenario_rates = {{ plain = [7] }}
warmup_s = 1.0
window_s = 1.0
rounds = 1
"""


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["list", *words]) == 0
    return capsys.readouterr().out


def test_every_stack_scenario_and_profile_is_listed_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    out, config = listed(capsys), load_config([DEFAULT_CONFIG])
    told = " ".join(out.split())
    for tables in (config.stacks, config.scenarios):
        assert all(f"{name} {table.title}" in told for name, table in tables.items())
    assert all(f" {name} stacks: {', '.join(table.stacks)} " in told for name, table in config.profiles.items())
    assert "closed-loop loads: 100 users capacity: on weather rounds: 3" in told
    assert [line for line in out.splitlines() if not line.startswith(" ")] == ["stacks:", "scenarios:", "profiles:"]


def test_no_line_is_wider_than_80_columns_whatever_the_config(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE, encoding="utf-8")
    out = listed(capsys, "--config", str(mine), "--set", "flask-sync.env.A_LONG_NAME_OF_A_VARIABLE=one,two")
    assert max(cell_len(line) for line in out.splitlines()) == WIDTH == 80
    assert all(line == line.rstrip() for line in out.splitlines())
    assert "open-loop loads: 0.5/s, 7/s, 1\u202f000\u202f000/s" in " ".join(out.split(" "))
    assert "flask-sync[env.A_LONG_NAME_OF_A_VARIABLE=two]" in out
    for whole in (LONG, "語" * 60, "標題" * 60):
        assert whole in "".join(out.split())


@pytest.mark.parametrize(
    ("name", "lines", "wanted"),
    [
        ("short", ["a title"], "  short                  a title"),
        ("x" * 22, ["a title"], f"  {'x' * 22} a title"),
        ("x" * 23, ["a title"], f"  {'x' * 23}\n{' ' * 25}a title"),
        ("short", [""], "  short"),
        ("short", ["one", "two"], f"  short{' ' * 18}one\n{' ' * 25}two"),
        ("ü", ["“ü”"], "  \\xfc                   \\u201c\\xfc\\u201d"),
    ],
)
def test_a_title_stands_beside_its_name_or_below_a_long_one(name: str, lines: list[str], wanted: str) -> None:
    assert entry(name, lines, "ascii") == wanted
