import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from bench.errors import BenchError
from bench.judge.cell.figures import DROPPED, UNSENT
from bench.model.cell import Problem, Requests, UpstreamServed
from bench.model.config import Closed, Load, Open
from bench.model.run import SCHEMA_VERSION, Run, Selftest
from bench.record import store
from tests.unit.builders import FASTAPI, FLASK, cell, changed, plan, samples, save
from tests.unit.judge.capacity.test_rows import search

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "run.schema.json"
OLDER = "and this version reads 2 and 3: measure again, or read it with the version that wrote it$"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    shapes = {"flask": FLASK, "loop": FASTAPI}
    planned = plan(shapes, {"weather": (10,)}, rounds=1, rates={"weather": (200.0,)})
    return save(tmp_path, planned, shapes, fails=lambda key: key.stack == "loop")


def test_a_run_comes_back_as_it_was_saved(run: Run, tmp_path: Path) -> None:
    assert store.load_run(tmp_path) == run


def test_an_open_cell_comes_back_with_all_that_only_it_has(run: Run, tmp_path: Path) -> None:
    selftest = Selftest(
        taken="2026-01-02T03:04:05+00:00", cpu_sets=((0,), (1,)), generator_rps=6600.5, open_rps=3000.0,
        open_send_delay_s=0.0028, users=1000, upstream_rps=2500.0, upstream_delay_error_s=0.001, timer_s=0.0002,
        sampler_s=0.004, descriptors=None, steal=None, busy=0.02, problems=("too slow for 1000 users",),
    )  # fmt: skip
    (one,) = [cell for cell in run.cells if isinstance(cell.load, Open) and cell.outcome != "failed"]
    assert one.measurement.send_delay_s is not None
    assert one.timer_lag_s is not None
    assert one.probe is not None
    assert one.measurement.bottleneck is not None
    assert one.measurement.cpu is not None
    odd = changed(
        dataclasses.replace(one, load=Open(rate_rps=100 / 3, arrivals="poisson", max_in_flight=7)),
        problems=(Problem("arrivals dropped", "one of them", ("latency",)),),
        requests=Requests(1, 2, 3, 4, {"timeout": 3}),
        cpu=dataclasses.replace(one.measurement.cpu, server_steal=None, load_steal=0.25),
        upstream=UpstreamServed({"weather": 1}, {"p50": None, "p99": 0.1}, 499),
    )
    profile = dataclasses.replace(run.config.profile, max_rate_rps={"flask": 100 / 3}, compare=("loop", "flask"))
    config = dataclasses.replace(run.config, profile=profile)
    whole = dataclasses.replace(run, cells=(*run.cells, odd), config=config, selftest=selftest)
    store.save_run(tmp_path, whole)
    back = store.load_run(tmp_path)
    assert back == whole
    assert isinstance(back.cells[-1].load, Open)
    assert {type(load) for load in back.config.profile.loads["weather"]} == {Closed, Open}


@pytest.mark.parametrize("load", [Closed(users=10), Open(rate_rps=200.0, arrivals="fixed", max_in_flight=50)])
def test_samples_come_back_as_they_were_saved_and_take_little_room(tmp_path: Path, load: Load) -> None:
    raw = samples(FLASK, load, seed=1)
    status = raw.status.copy()
    status[:3] = (DROPPED, UNSENT, -503)
    steal = np.where(np.arange(len(raw.cores_t_s)) > 0, raw.server_steal_s, np.nan)
    raw = dataclasses.replace(raw, status=status, server_steal_s=steal)
    name = store.save_samples(tmp_path, 7, raw)
    back = store.load_samples(tmp_path, dataclasses.replace(cell(), samples=name))
    for field in dataclasses.fields(raw):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(raw, field.name), err_msg=field.name)
    assert len(back.beat_s) == len(back.beat_late_s) == 150
    assert (tmp_path / name).stat().st_size < 30 * len(raw.status) + 5000


@pytest.mark.parametrize("name", ["beat_s", "beat_late_s", "server_steal_s", "load_steal_s", "scheduled_s"])
def test_samples_that_lack_an_array_are_refused_by_its_name(run: Run, tmp_path: Path, name: str) -> None:
    one = next(cell for cell in run.cells if cell.samples)
    path = tmp_path / str(one.samples)
    with np.load(path) as whole:
        arrays = {key: whole[key] for key in whole.files if key != name}
    np.savez(path, allow_pickle=False, **arrays)
    with pytest.raises(BenchError, match=f"cannot be read: .*{name}"):
        store.load_samples(tmp_path, one)


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
    assert {one["outcome"] for cell in data["cells"] for one in cell["measurements"]} == {"ok", "failed"}
    del data["seed"]
    with pytest.raises(jsonschema.ValidationError, match="seed"):
        jsonschema.validate(data, schema)
    assert run.seed == 7


def spoil(folder: Path, change: Callable[[bytes], bytes]) -> None:
    path = folder / "run.json"
    path.write_bytes(change(path.read_bytes()))


def with_schema(data: bytes, version: bytes) -> bytes:
    return data.replace(b'"schema_version": %d' % SCHEMA_VERSION, b'"schema_version": ' + version)


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
            (lambda data: data.replace(b'"model": "open"', b'"model": "ajar"'), "load"),
            (
                lambda data: with_schema(data, b"4"),
                "has schema 4, and this version reads 2 and 3: update this program$",
            ),
            (lambda data: with_schema(data, b"1"), f"has schema 1, {OLDER}"),
            (lambda data: with_schema(data, b"0"), f"has schema 0, {OLDER}"),
            (lambda data: with_schema(data, b"-3"), f"has schema -3, {OLDER}"),
            (lambda data: with_schema(data, b"null"), f"has schema None, {OLDER}"),
            (lambda data: with_schema(data, b"3.5"), f"has schema 3.5, {OLDER}"),
            (lambda data: with_schema(data, b'"3"'), f"has schema '3', {OLDER}"),
            (lambda data: with_schema(data, b'"a\\nb"'), rf"has schema 'a\\nb', {OLDER}"),
            (lambda data: with_schema(data, b"[3]"), rf"has schema \[3\], {OLDER}"),
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


def test_a_run_of_the_first_schema_is_refused_before_its_cells_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema_version": 1, "cells": [{"load": {"model": "closed"}}]}')
    with pytest.raises(BenchError) as caught:
        store.load_run(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'run.json'} has schema 1, and this version reads 2 and 3: measure again, "
        "or read it with the version that wrote it"
    )


def test_the_version_of_the_schema_is_written(run: Run, tmp_path: Path) -> None:
    assert json.loads((tmp_path / "run.json").read_bytes())["schema_version"] == SCHEMA_VERSION == run.schema_version


def test_a_reference_is_another_run_that_can_be_read_or_none(tmp_path: Path) -> None:
    shapes = {"flask": FLASK, "loop": FASTAPI}
    reference = save(tmp_path / "reference", plan(shapes, {"weather": (1,)}, rounds=1), shapes)
    assert store.load_reference(tmp_path / "run", tmp_path / "reference") == reference
    assert store.load_reference(tmp_path / "reference", tmp_path / "reference") is None
    assert store.load_reference(tmp_path / "reference" / "within", tmp_path / "reference") is None
    assert store.load_reference(tmp_path / "run", tmp_path / "gone") is None


def test_searches_of_the_earlier_method_are_read_and_keep_what_they_found(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    store.save_run(tmp_path, dataclasses.replace(run, searches=(search("flask", 1, 400.0),)))
    fields = json.loads(path.read_text(encoding="utf-8"))
    (one,) = fields["searches"]
    one["above_rps"] = 416.0
    for step in one["steps"]:
        step["confirms"] = step.pop("part") == "settle" and step["verdict"] == "held"
    path.write_text(json.dumps(fields), encoding="utf-8")
    (read,) = store.load_run(tmp_path).searches
    assert read.rate_rps == 400.0
    assert [step.part for step in read.steps] == ["settle", "bracket"]
