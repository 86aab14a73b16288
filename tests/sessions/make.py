"""Make the stored sessions anew, synthetic but as noisy as real ones: python -m tests.sessions.make"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from bench.model.run import Run
from tests.unit.sessions import Recipe, ordinary, session

FOLDER = Path(__file__).parent
_RUN = TypeAdapter(Run)


def sessions() -> Iterator[tuple[str, Run]]:
    """Each run by the name of its folder."""
    yield "same-code", session(Recipe(touched=()))
    yield "slower", session(Recipe(effects={("flask-gthread", "cpu"): 1.2}, seed=2))
    yield "moved-control", session(Recipe(effects={("fastapi-aiohttp", "p95"): 1.2}, seed=3))
    yield "too-few-restarts", session(Recipe(restarts=6, effects={("flask-gthread", "cpu"): 1.1}, seed=4))
    base = ordinary(seed=5)
    yield "unlike-machines/base", base
    other = replace(base.machine, cpu_model="Example CPU @ 3.00GHz", cpus=4)
    yield "unlike-machines/head", replace(ordinary(seed=6), machine=other)


def run_json(run: Run) -> bytes:
    """The bytes of its run.json."""
    return _RUN.dump_json(run) + b"\n"


def main() -> None:
    """Write them all."""
    for name, run in sessions():
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
        (FOLDER / name / "run.json").write_bytes(run_json(run))


if __name__ == "__main__":
    main()
