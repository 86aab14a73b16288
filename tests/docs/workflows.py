"""The workflows and the action of this repository, and a sandbox in which their steps run as they are written."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .markdown import ROOT

WORKFLOWS = tuple(sorted((ROOT / ".github/workflows").glob("*.yml")))
ACTION = ROOT / "action.yml"

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What a runner calls a script with where the shell is bash."""

VALUES: Mapping[str, str] = {
    "github.token": "secret",
    "github.event.pull_request.number": "7",
    "github.event.pull_request.head.sha": "0123abc",
    "github.action_path": "{top}/action",
    "steps.python.outputs.python-path": "{top}/bin/python3.12",
    "inputs.base": "",
    "inputs.head": ".",
    "inputs.repo": ".",
    "inputs.config": "",
    "inputs.stacks": "",
    "inputs.fail-on": "",
    "inputs.minutes": "",
    "inputs.exact": "false",
}
"""What an expression stands for in the sandbox, where a step gets it as a variable."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that runs a script: file, job, its name or else its script, its shell and the variables it is given."""

    file: Path
    job: str
    name: str
    script: str
    shell: str
    env: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.file.name}: {self.job}: {self.name}"


def read(file: Path) -> dict[str, Any]:
    """The file as data. Raises YAMLError if it is no YAML."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    return found


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow; the steps of an action are one job."""
    content = read(file)
    return {"action": content["runs"]} if file == ACTION else content["jobs"]


def scripts() -> Iterator[Step]:
    """Every step of all files that runs a script."""
    for file in (*WORKFLOWS, ACTION):
        default = read(file).get("defaults", {}).get("run", {}).get("shell", "")
        for job, content in jobs(file).items():
            for step in content["steps"]:
                if "run" in step:
                    script = step["run"]
                    shell = step.get("shell", default)
                    yield Step(file, job, step.get("name", script), script, shell, step.get("env", {}))


def step(file: str, name: str) -> Step:
    """The step of that file with that name."""
    (found,) = (one for one in scripts() if (one.file.name, one.name) == (file, name))
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended: its exit code, what it printed, the job summary, and its outputs."""

    code: int
    out: str
    summary: str
    outputs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A checkout without content, whose programs write down their words instead of doing anything."""

    top: Path

    @property
    def checkout(self) -> Path:
        """The folder that a step runs in."""
        return self.top / "checkout"

    def program(self, path: str, body: str = "") -> None:
        """Put a program there, relative to the top: it writes down its words, then runs these lines of bash."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        note = f"printf '%q ' {shlex.quote(file.name)} \"$@\" >> {self.top}/called; echo >> {self.top}/called"
        file.write_text(f"#!/usr/bin/env bash\n{note}\n{body}\n", encoding="utf-8")
        file.chmod(0o755)

    def called(self) -> list[tuple[str, ...]]:
        """The words of each program that was called, its name first."""
        file = self.top / "called"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [tuple(shlex.split(line)) for line in lines]

    def git(self, *words: str) -> str:
        """What git answers in the checkout."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        argv = ("git", *identity, *words)
        return subprocess.run(argv, cwd=self.checkout, check=True, capture_output=True, text=True).stdout.strip()

    def run(self, step: Step, **env: str) -> Ended:
        """Run a step as it is written. `env`: variables instead of those that it is given."""
        summary, outputs, script = (self.top / name for name in ("summary", "outputs", "script"))
        for file in (summary, outputs):
            file.write_text("", encoding="utf-8")
        script.write_text(step.script, encoding="utf-8")
        given = {name: self._value(value) for name, value in step.env.items()}
        runner = {
            "PATH": f"{self.top}/bin{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.top),
            "RUNNER_TEMP": str(self.top / "temp"),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_BASE_REF": "main",
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "42",
        }
        done = subprocess.run(
            (*BASH, str(script)),
            cwd=self.checkout,
            env={**runner, **given, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        pairs = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
        return Ended(done.returncode, done.stdout + done.stderr, summary.read_text(encoding="utf-8"), pairs)

    def _value(self, text: str) -> str:
        if not text.startswith("${{"):
            return text
        return VALUES[text.removeprefix("${{").removesuffix("}}").strip()].format(top=self.top)
