import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from bench.errors import BenchError
from bench.model import SCHEMA_VERSION, Run
from bench.record import store
from tests.unit.builders import FASTAPI, FLASK, plan, samples, save

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "run.schema.json"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    shapes = {"flask": FLASK, "loop": FASTAPI}
    return save(tmp_path, plan(shapes, {"weather": (10,)}, rounds=1), shapes, fails=lambda key: key.stack == "loop")


def test_a_run_comes_back_as_it_was_saved(run: Run, tmp_path: Path) -> None:
    assert store.load_run(tmp_path) == run


def test_samples_come_back_as_they_were_saved_and_take_little_room(tmp_path: Path) -> None:
    raw = samples(FLASK, 10, seed=1)
    name = store.save_samples(tmp_path, 0, raw)
    cell = dataclasses.replace(
        save(tmp_path, plan({"f": FLASK}, {"weather": (10,)}), {"f": FLASK}).cells[0], samples=name
    )
    store.save_samples(tmp_path, 0, raw)
    back = store.load_samples(tmp_path, cell)
    for field in dataclasses.fields(raw):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(raw, field.name))
    assert (tmp_path / name).stat().st_size < 30 * len(raw.status)


def test_only_whole_files_appear(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (tmp_path / "run.json").read_bytes()

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.save_run(tmp_path, dataclasses.replace(run, seed=99))
    assert (tmp_path / "run.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "cells"}


def test_the_published_schema_is_the_one_of_the_code(golden: Callable[[Path, str], None]) -> None:
    golden(SCHEMA, json.dumps(store.run_schema(), indent=2) + "\n")


def test_a_saved_run_fits_the_published_schema(run: Run, tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    data = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    assert {cell["outcome"] for cell in data["cells"]} == {"ok", "failed"}
    del data["seed"]
    with pytest.raises(jsonschema.ValidationError, match="seed"):
        jsonschema.validate(data, schema)
    assert run.seed == 7


def spoil(folder: Path, change: Callable[[bytes], bytes]) -> None:
    path = folder / "run.json"
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.usefixtures("run")
class TestDamage:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda data: data[: len(data) // 2], "cannot be read"),
            (lambda _: b"", "cannot be read"),
            (lambda _: b"[1, 2]", "cannot be read"),
            (lambda _: b"{}", "cannot be read"),
            (lambda _: b"\xff\xfe", "cannot be read"),
            (lambda data: data.replace(b'"seed":', b'"sead":'), "seed: "),
            (lambda data: data.replace(b'"schema_version": 1', b'"schema_version": 2'), "schema 2; this version reads"),
        ],
    )
    def test_a_damaged_run_is_one_clear_line(self, change: Callable[[bytes], bytes], said: str, tmp_path: Path) -> None:
        spoil(tmp_path, change)
        with pytest.raises(BenchError, match=said) as caught:
            store.load_run(tmp_path)
        assert "\n" not in str(caught.value)
        assert "run.json" in str(caught.value)

    def test_any_damage_to_the_samples_is_a_clear_error(self, tmp_path: Path) -> None:
        cell = next(cell for cell in store.load_run(tmp_path).cells if cell.samples)
        path = tmp_path / str(cell.samples)
        whole = path.read_bytes()
        random = np.random.default_rng(1)
        damaged = [b"", whole[:100], whole[: len(whole) // 2], b"PK\x03\x04" + b"x" * 50, b"not an archive"]
        places = random.integers(0, len(whole) - 60, 150)
        damaged += [whole[:place] + random.bytes(60) + whole[place + 60 :] for place in places]
        for data in damaged:
            path.write_bytes(data)
            try:
                store.load_samples(tmp_path, cell)
            except BenchError as error:
                assert path.name in str(error)  # noqa: PT017 (damage of names and dates in the archive goes unseen)

    def test_missing_samples_are_a_clear_error(self, tmp_path: Path) -> None:
        cell = next(cell for cell in store.load_run(tmp_path).cells if cell.samples)
        (tmp_path / str(cell.samples)).unlink()
        with pytest.raises(BenchError, match="cannot be read"):
            store.load_samples(tmp_path, cell)

    def test_a_failed_cell_has_no_samples_to_load(self, tmp_path: Path) -> None:
        cell = next(cell for cell in store.load_run(tmp_path).cells if cell.outcome == "failed")
        with pytest.raises(BenchError, match="failed and has no samples"):
            store.load_samples(tmp_path, cell)


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"holds no run\.json"):
        store.load_run(tmp_path / "absent")


def test_the_version_of_the_schema_is_written(run: Run, tmp_path: Path) -> None:
    assert json.loads((tmp_path / "run.json").read_bytes())["schema_version"] == SCHEMA_VERSION == run.schema_version
