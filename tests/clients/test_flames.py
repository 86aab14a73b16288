"""What is kept of a flame graph, from made-up stacks."""

from pathlib import Path

import pytest

from bench.judge.flame.stacks import Profile, parsed
from bench.model.cell import CellKey
from bench.model.config import Plan
from examples.clients import measure
from examples.clients.flames import Function, by_package, flame, total
from examples.clients.kept import kept_flames
from examples.clients.profiles import ROOT

SITE = "/venv/lib/python3.11/site-packages"
SERVED = f"run (/venv/lib/python3.11/asyncio/runners.py);weather ({ROOT}/fastapi_app/weather.py)"
SEARCHED = f"{SERVED};search ({SITE}/httpcore/pool.py)"
RAW = f"""\
{SERVED} 10
{SEARCHED} 30
{SEARCHED};is_idle ({SITE}/httpcore/http11.py) 40
{SEARCHED};fileno ({SITE}/anyio/sockets.py) 20
"""
FLAME = flame("httpx", 100, parsed(RAW, [str(ROOT)]))


def test_each_function_is_kept_with_its_own_share_and_that_of_what_it_calls() -> None:
    assert (FLAME.client, FLAME.users, FLAME.samples) == ("httpx", 100, 100)
    assert FLAME.functions == (
        Function("is_idle", "httpcore", 0.4, 0.4),
        Function("search", "httpcore", 0.3, 0.9),
        Function("fileno", "anyio", 0.2, 0.2),
        Function("weather", "fastapi_app", 0.1, 1.0),
        Function("run", "asyncio", 0.0, 1.0),
    )


def test_packages_have_what_their_functions_ran_themselves() -> None:
    assert by_package(FLAME) == pytest.approx({"httpcore": 0.7, "anyio": 0.2, "fastapi_app": 0.1, "asyncio": 0})


def test_a_function_that_was_never_seen_has_no_share() -> None:
    assert total(FLAME, "search") == 0.9
    assert total(FLAME, "find") == 0


def test_flames_are_recorded_under_each_load_and_kept_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def profile_of(key: CellKey, plan: Plan, seed: int) -> Profile:
        assert plan.profile.loads == {key.scenario: (key.load,)}
        assert seed
        return parsed(RAW, [plan.stacks[key.stack].cwd])

    monkeypatch.setattr(measure, "profile_of", profile_of)
    (tmp_path / "profiles.json").touch()
    measure.record_flames(tmp_path)
    kept = kept_flames(tmp_path)
    assert [(one.client, one.users) for one in kept.flames] == [
        (client, users) for client in measure.FLAMED for users in measure.FLAME_USERS
    ]
    assert {one.functions for one in kept.flames} == {FLAME.functions}
    assert kept.versions["httpcore"]
    assert (tmp_path / "profiles.json").read_bytes() == b""
