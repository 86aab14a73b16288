"""What the end-to-end tests share: a copy of the checkout, so that they leave results/latest and each other alone."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.model.run import Selftest
from bench.record.store import save_selftest
from bench.run.host.cpus import cpu_sets

from .harness import Harness

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("bench", "loadtests", "upstream", "inprocess", "flask_app", "fastapi_app")
FILES = ("bench.toml", "compare.py", "requirements.lock")

FAKE = (Path(__file__).parent / "fake_server.py").resolve()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    save_selftest(folder / "results" / "selftest.json", fit())
    return folder


def fit() -> Selftest:
    """A selftest that finds this machine fit for all but the highest loads. Whether it is, is tested apart."""
    cpus = cpu_sets(1)
    return Selftest(
        taken=datetime.now(UTC).isoformat(),
        cpu_sets=(cpus.server, cpus.load),
        generator_rps=3000.0,
        open_rps=1000.0,
        open_send_delay_s=0.001,
        users=1000,
        upstream_rps=20_000.0,
        upstream_delay_error_s=0.001,
        timer_s=0.0001,
        sampler_s=0.001,
        descriptors=None,
        steal=0.0,
        busy=0.0,
        problems=(),
        tried_rps=4000.0,
    )


@pytest.fixture
def own_selftest(checkout: Path) -> Iterator[None]:
    """What the test finds out of this machine is forgotten after it."""
    path = checkout / "results" / "selftest.json"
    kept = path.read_bytes()
    yield
    path.write_bytes(kept)


@pytest.fixture
def harness(checkout: Path) -> Iterator[Harness]:
    one = Harness(checkout)
    yield one
    one.clean_up()


@pytest.fixture(scope="module")
def shared_harness(checkout: Path) -> Iterator[Harness]:
    one = Harness(checkout)
    yield one
    one.clean_up()


Config = Callable[..., Path]


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Writes a file with a stack for each behaviour of the fake server, one scenario and a tiny profile.

    `changed` holds, for a stack, keys of its table and their values as TOML.
    """

    def write(
        *behaviours: str, timeout_s: float = 5.0, users: str = "[2]", changed: Mapping[str, Mapping[str, str]] = {}
    ) -> Path:
        folder = tmp_path_factory.mktemp("config")
        shutil.copy(FAKE, folder / "fake_server.py")
        names = ", ".join(f'"{name}"' for name in behaviours)
        stacks = ""
        for name in behaviours:
            table = {"interface": '"asgi"', "argv": f'["python", "fake_server.py", "{{port}}", "{name}"]'}
            lines = (f"{key} = {value}" for key, value in {**table, **changed.get(name, {})}.items())
            stacks += "\n".join([f"[stacks.{name}]", *lines, ""])
        (folder / "mine.toml").write_text(
            f"""
{stacks}
[scenarios.look]
requests = [{{ path = "/look", expect = {{ text = "hello" }} }}]
timeout_s = {timeout_s}

[profiles.tiny]
stacks = [{names}]
scenarios = ["look"]
users = {users}
warmup_s = 0.4
window_s = 0.8
rounds = 1
""",
            encoding="utf-8",
        )
        return folder / "mine.toml"

    return write
