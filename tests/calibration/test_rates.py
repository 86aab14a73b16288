"""What kept sessions come to, on made-up ones whose noise and effects are known."""

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench.judge.gate.looks import LOOKS
from tests.calibration import document, rates
from tests.calibration.inject import Slower, inject
from tests.calibration.recorded import EARLIER, EVERYWHERE, HARMS, NOW, SIMPLER, UNCHANGED, Recorded
from tests.calibration.sessions import Figures, Session
from tests.calibration.simulated import TOLERANCE, Kind, Simulated

NORMAL = 0.02


def figures(seed: int, *, worse: float = 0.0, metric: str = "cpu", restarts: int = 10, drift: float = 0.0) -> Figures:
    chance = np.random.default_rng(seed)
    base = 0.001 * np.exp(np.linspace(0, drift, restarts) + chance.normal(0, NORMAL / 10, restarts))
    head = base * np.exp(chance.normal(0, NORMAL, restarts)) * (1 + worse)
    model = "open" if metric == "p95" else "closed"
    return Figures("one", model, metric, True, tuple(base), tuple(head))


def session(*found: Figures, kind: str = "none", size: float = 0.0, code: int = 4) -> Session:
    regressed = ((found[0].stack, found[0].model, found[0].metric),) if code == 1 else ()
    return Session(
        "2026-01-02T03:04:05+00:00", "abc", "Example CPU", kind, size, (), 8.0, code, 6, regressed, found, (10,),  # type: ignore[arg-type]
    )  # fmt: skip


SAME = [session(figures(seed), figures(100 + seed, metric="p95"), code=0) for seed in range(12)]
SLOWER = [session(figures(seed, worse=0.1), kind="cpu", size=0.1, code=1) for seed in range(50, 54)]


SIMULATED = [
    Simulated(Kind("normal", 0.03, "nothing", 0.0, LOOKS[20]), 50, 0, 50, 11.0),
    Simulated(Kind("normal", 0.03, "one figure", TOLERANCE, LOOKS[20]), 50, 10, 1, 15.0),
    Simulated(Kind("normal", 0.03, "one stack", 0.1, LOOKS[20]), 50, 50, 0, 11.0),
]
RECORDED = [
    Recorded(harm.title, rule, 50, 45, 2, 11.0)
    for rules, harms in (((NOW, EARLIER), HARMS), (SIMPLER, (UNCHANGED, *EVERYWHERE)))
    for rule in rules
    for harm in harms
]


def test_noise_is_the_standard_deviation_of_a_restart_whatever_the_effect() -> None:
    (cpu,) = rates.noise(SLOWER)
    assert cpu.restarts == 40
    assert cpu.deviation == pytest.approx(NORMAL, rel=0.3)
    assert math.fsum(cpu.differences) == pytest.approx(0, abs=1e-9)


def test_a_metric_of_which_more_is_better_is_turned() -> None:
    more = figures(1, metric="throughput", worse=0.1)
    assert rates.differences(more).mean() == pytest.approx(-math.log(1.1), abs=0.02)


def test_the_true_size_is_that_of_all_restarts_and_its_interval_that_over_sessions() -> None:
    found = rates.true_size(SLOWER, "one", "closed", "cpu")
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1.1 < found.high
    assert rates.true_size(SAME, "one", "closed", "throughput") is None


def test_the_document_says_what_was_seen_and_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "docs" / "calibration.md"
    page.parent.mkdir()
    page.write_text("# Title\n<!-- report:begin -->\n<!-- report:end -->\nthe end\n")
    monkeypatch.setattr(document, "DOCUMENT", page)
    monkeypatch.setattr(document, "ROOT", tmp_path)
    monkeypatch.setattr(document, "CHART", tmp_path / "results" / "power")
    alarm = session(figures(99, worse=0.1))
    document.write([*SAME[1:], alarm, *SLOWER], SIMULATED, RECORDED)
    text = page.read_text()
    assert "| unchanged | 12 | 1 (0.211 % to 38.5 %) | 11 (61.5 % to 99.8 %) | 0 (at most 22.1 %) | 10.0 |" in text
    assert "| 10.0 % more CPU per request | 4 | 4 (39.8 % to 100 %) |" in text
    assert "| one | CPU per request | 1.10\u00d7" in text
    assert "results/power.png" in text
    assert "| 10, 13, 16 and 20 | normal | 3.00 % | 0 % | 100 % |" in text
    assert "| 2 % of head's requests take ten times as long | 90.0 % | 4.00 % | 6.00 % | 90.0 % | 4.00 % |" in text
    chart = (tmp_path / "results" / "power.svg").read_bytes()
    document.write([*SAME[1:], alarm, *SLOWER], SIMULATED, RECORDED)
    assert page.read_text() == text
    assert (tmp_path / "results" / "power.svg").read_bytes() == chart


def test_an_injected_slowdown_is_a_commit_of_its_own_and_the_clone_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.calibration.inject.step_s", lambda _: 2e-8)
    for name in ("flask_app/app.py", "fastapi_app/app.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("def create_app():\n    pass\n")
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for words in (("init", "--quiet"), ("add", "--all"), (*identity, "commit", "--quiet", "--message", "first")):
        subprocess.run(("git", *words), cwd=tmp_path, check=True)
    commit = inject(tmp_path, {"flask": Slower(burn_s=1e-4), "fastapi": Slower(delay_s=0.02)})

    def shown(*words: str) -> str:
        return subprocess.run(("git", *words), cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    flask, fastapi = (shown("show", f"{commit}:{name}_app/app.py") for name in ("flask", "fastapi"))
    assert "range(5000)" in flask
    assert "if 0.0:" in flask
    assert "asyncio.sleep(0.02)" in fastapi
    for source in (flask, fastapi):
        compile(source, "app.py", "exec")
    assert shown("rev-parse", f"{commit}~1") == shown("rev-parse", "HEAD")
    assert shown("status", "--porcelain") == ""
