"""The commands of the pages are run: as written if they are quick, otherwise in a shorter form."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.places import LATEST
from bench.plan.config import load_config
from bench.record.store import save_run
from bench.run.host.ports import free_ports
from tests.e2e.harness import finish, run_json, until
from tests.unit.builders import FASTAPI, FLASK, plan, save
from tests.unit.sessions import ordinary, session

from .conftest import Workshop
from .markdown import ROOT, Block
from .project import BENCH, COMPARE, EVERY, PROFILE, PYTEST, UPSTREAM, parsed, starting
from .shell import Command

SHAPES = {"flask": FLASK, "loop": FASTAPI}
SHOWING = [
    *starting(*COMPARE),
    *(command for verb in ("report", "diff", "trend", "audit", "export") for command in starting(*BENCH, verb)),
]
LISTS = ("--stacks", "--scenarios", "--users", "--rate", "--set")
BY_HAND = tuple(
    dict.fromkeys(command.block for command in EVERY if command.words[0] == "locust" or command.after(*BENCH, "serve"))
)


@pytest.mark.parametrize("command", starting(*PYTEST), ids=str)
def test_pytest_finds_what_it_is_told_to_run(command: Command) -> None:
    words = (sys.executable, *command.words[1:], "--collect-only", "--quiet")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", starting(*BENCH, "list"), ids=str)
def test_list_lists(command: Command, workshop: Workshop) -> None:
    done = workshop(command.block.page).run(*command.words[len(BENCH) :])
    assert done.code == 0, done.err
    assert "flask-gthread" in done.out


def _each_kind_once(found: Iterable[Command]) -> Iterator[Any]:
    """The commands. One that differs from an earlier one only in its folders is marked slow."""
    seen: set[tuple[str, ...]] = set()
    for command in found:
        kind = tuple(word for word in command.words if "/" not in word)
        yield pytest.param(command, marks=[pytest.mark.slow] if kind in seen else [], id=str(command))
        seen.add(kind)


@pytest.mark.parametrize("command", list(_each_kind_once(SHOWING)))
def test_recorded_runs_are_shown_and_compared(command: Command, workshop: Workshop) -> None:
    harness = workshop(command.block.page)
    arguments = parsed(command)
    if arguments.command.name in {"report", "export"}:
        run = Path("results/latest") if arguments.run == LATEST else arguments.run
        save(_emptied(harness.checkout / run), plan(SHAPES, {"weather": (5, 10)}, rounds=1), SHAPES)
    elif arguments.command.name == "trend":
        for day, folder in enumerate(arguments.runs, start=1):
            run = replace(ordinary(seed=day), started=f"2026-01-{day:02d}T03:00:00+00:00")
            save_run(_emptied(harness.checkout / folder), run)
    elif arguments.command.name == "audit":
        shutil.copytree(ROOT / "examples/audit", harness.checkout / "examples/audit", dirs_exist_ok=True)
    elif arguments.head is None:
        save_run(_emptied(harness.checkout / arguments.base), session())
    else:
        for seed, folder in enumerate((arguments.base, arguments.head), start=1):
            save_run(_emptied(harness.checkout / folder), ordinary(seed=seed))
    done = finish(harness.popen((sys.executable, *command.words[1:])))
    assert done.code in {"diff": {0, 1, 3, 4}, "audit": {0, 1}}.get(arguments.command.name, {0}), done.err
    assert done.out


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("block", BY_HAND, ids=lambda block: f"{block.page}:{block.line}")
@pytest.mark.slow
def test_a_stack_is_served_and_loaded_by_hand(block: Block, workshop: Workshop) -> None:
    own = [command for command in EVERY if command.block == block]
    serves = [words for command in own if (words := command.after(*BENCH, "serve")) is not None]
    assert len(serves) == 1, "a block with a load also serves one stack"
    harness = workshop(block.page)
    serving = harness.start("serve", *serves[0])
    assert serving.stdout is not None
    port = serving.stdout.readline().strip().rpartition(":")[2]
    for command in (command for command in own if command.words[0] == "locust"):
        done = finish(harness.popen((sys.executable, "-m", *_for_a_second(command.words, port))))
        assert done.code == 0, done.err
    serving.send_signal(signal.SIGINT)
    assert finish(serving).code == 130
    assert harness.left() == []


def _for_a_second(words: Sequence[str], port: str) -> list[str]:
    """The command with a real port, headless, and for one second."""
    brief = [word.replace("PORT", port) for word in words]
    if "-t" in brief:
        brief[brief.index("-t") + 1] = "1s"
    else:
        brief += ["-t", "1s"]
    return brief if "--headless" in brief else [*brief, "--headless"]


@pytest.mark.slow
@pytest.mark.parametrize("command", starting(*PROFILE), ids=str)
def test_a_client_is_profiled_against_the_upstream_of_its_block(command: Command, workshop: Workshop) -> None:
    harness, (port, control) = workshop(command.block.page), free_ports(2)
    own = [other for other in EVERY if other.block == command.block]
    upstream = next(other for other in own if other.after(*UPSTREAM) is not None)
    words = [word.replace("9000", str(port)) for word in (*upstream.words[1:], "--control-port", str(control))]
    serving = harness.popen((sys.executable, *words), dict(one.split("=", 1) for one in upstream.assigned))
    until(lambda: _accepts(port), "the upstream")
    profile = [word.replace("9000", str(port)) for word in (*command.words[1:], "--seconds", "1")]
    done = finish(harness.popen((sys.executable, *profile)))
    assert done.code == 0, done.err
    assert json.loads(done.out)["calls"] > 0
    serving.send_signal(signal.SIGINT)
    assert finish(serving).code == 0


def _accepts(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", starting(*BENCH, "run"), ids=str)
def test_a_run_is_measured_with_the_first_of_everything(command: Command, workshop: Workshop, tmp_path: Path) -> None:
    harness = workshop(command.block.page)
    done = harness.run("run", *_shortened(command, harness.checkout), "--out", tmp_path / "run")
    assert done.code == 0, done.err
    for cell in run_json(tmp_path / "run")["cells"]:
        requests = cell["measurements"][0]["requests"]
        assert requests["ok"] > 0
        assert requests["errors"] == requests["timeouts"] == 0
    assert harness.left() == []


def _shortened(command: Command, checkout: Path) -> list[str]:
    """The words of the same run with the first item of every list and short times: a cell or two.

    The stack is the first one with a variant, if there is one. What the command leaves to its profile becomes the
    first item of the profile, and the load becomes two users.
    """
    arguments, words = parsed(command), command.words[len(BENCH) + 1 :]
    paths = [checkout / "bench.toml", *([checkout / arguments.config] if arguments.config is not None else [])]
    profile = load_config(paths).profiles[arguments.profile]
    stacks = arguments.stacks or profile.stacks
    varied = [name for name in stacks if any(setting.startswith(f"{name}.") for setting in arguments.set)]
    brief = [
        word.partition(",")[0] if before in LISTS else word for before, word in zip(("", *words), words, strict=False)
    ]
    brief += ["--stacks", (varied or stacks)[0]]
    brief += [] if arguments.scenarios else ["--scenarios", profile.scenarios[0]]
    brief += [] if arguments.users or arguments.rate else ["--users", "2"]
    return [*brief, "--rounds", "1", "--warmup", "0.5", "--window", "1", "--force"]
