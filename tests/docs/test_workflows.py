"""The workflows and the action are valid, and careful with what they are trusted with."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .markdown import ROOT
from .workflows import ACTION, WORKFLOWS, jobs, read, scripts

EVERY = (*WORKFLOWS, ACTION)
READS = {"contents": "read", "actions": "read"}


def used() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every step of all files that uses an action."""
    for file in EVERY:
        for job in jobs(file).values():
            yield from ((file, step) for step in job["steps"] if "uses" in step)


def name(file: Path) -> str:
    return file.name


@pytest.mark.parametrize(
    ("schema", "files"), [("vendor.github-workflows", WORKFLOWS), ("vendor.github-actions", (ACTION,))]
)
def test_the_files_match_the_schema_of_their_kind(schema: str, files: tuple[Path, ...]) -> None:
    argv = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files))
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_script_has_an_expression_in_it() -> None:
    """Its value would be run as a part of the script: a branch may be called `$(rm -rf .)`."""
    assert [str(one) for one in scripts() if "${{" in one.script] == []


def test_every_script_runs_in_bash_which_stops_at_the_first_failure_of_a_pipe() -> None:
    assert {one.shell for one in scripts()} == {"bash"}


def test_only_actions_of_github_itself_are_used_each_by_its_major_version() -> None:
    found = {step["uses"] for _, step in used()}
    assert [one for one in found if not re.fullmatch(r"actions/[a-z-]+@v[0-9]+", one)] == []
    assert len(found) == len({one.partition("@")[0] for one in found}), "one version of each action"


def test_no_checkout_leaves_the_token_behind() -> None:
    checkouts = [step for _, step in used() if step["uses"].startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("file", WORKFLOWS, ids=name)
def test_a_job_ends_in_time_and_may_write_only_where_it_runs_nothing_of_the_change(file: Path) -> None:
    content = read(file)
    assert "pull_request_target" not in content["on"]
    for job in jobs(file).values():
        assert job["timeout-minutes"] <= 60
        permissions = job.get("permissions", content["permissions"])
        if permissions.items() <= READS.items():
            continue
        assert permissions == {"pull-requests": "write"}
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
        assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
            "actions/download-artifact"
        ]


def test_the_gate_runs_where_a_part_of_the_program_changes() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    parts = {*wheel["packages"], *wheel["force-include"]}
    gate = ROOT / ".github/workflows/bench.yml"
    watched = {path.removesuffix("/**") for path in read(gate)["on"]["pull_request"]["paths"]}
    assert watched == {*parts, "requirements.lock", gate.relative_to(ROOT).as_posix()}
    assert all((ROOT / path).exists() for path in watched)


def test_the_gate_has_the_history_and_ends_its_earlier_run() -> None:
    content = read(ROOT / ".github/workflows/bench.yml")
    checkout = content["jobs"]["measure"]["steps"][0]
    assert checkout["with"]["fetch-depth"] == 0
    assert content["concurrency"]["cancel-in-progress"] is True
    assert content["jobs"]["measure"]["timeout-minutes"] == 45


def test_an_artifact_has_one_name_where_it_is_kept_and_where_it_is_fetched() -> None:
    kept = {step["with"]["name"] for _, step in used() if "upload-artifact" in step["uses"]}
    fetched = {step["with"]["name"] for _, step in used() if "download-artifact" in step["uses"]}
    fetched |= {found for one in scripts() for found in re.findall(r"--name (\S+)", one.script)}
    assert fetched <= kept


def test_every_input_and_output_of_the_action_is_told_and_used() -> None:
    content, text = read(ACTION), ACTION.read_text(encoding="utf-8")
    assert all(f"${{{{ inputs.{one} }}}}" in text for one in content["inputs"])
    ab = next(step for step in content["runs"]["steps"] if step.get("id") == "ab")
    assert all(f'echo "{one}=' in ab["run"] for one in content["outputs"])
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    assert [one for one in (*content["inputs"], *content["outputs"]) if f"`{one}`" not in page] == []
