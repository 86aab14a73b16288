"""Where things are, in a checkout and where the program is installed."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from bench import places


def loaded(package: Path) -> ModuleType:
    """The module as it is when it lies in this folder."""
    package.mkdir(parents=True, exist_ok=True)
    file = package / "places.py"
    file.write_text(Path(places.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("somewhere", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path: Path) -> ModuleType:
    (tmp_path / "site-packages/bench/bundled").mkdir(parents=True)
    return loaded(tmp_path / "site-packages/bench")


def test_in_a_checkout_files_results_and_git_state_are_the_checkouts(tmp_path: Path) -> None:
    module = loaded(tmp_path / "clone/bench")
    clone = tmp_path / "clone"
    assert (clone, clone, clone / "results") == (module.CHECKOUT, module.SHIPPED, module.RESULTS)
    assert (clone / "results/latest", clone / "results/reference") == (module.LATEST, module.REFERENCE)
    assert module.code_folder(None) == module.code_folder(tmp_path / "mine/mine.toml") == clone
    assert module.COMMAND == "python -m bench"


def test_installed_files_come_with_the_package_and_results_go_to_the_current_folder(
    installed: ModuleType, tmp_path: Path
) -> None:
    assert installed.CHECKOUT is None
    assert tmp_path / "site-packages/bench/bundled" == installed.SHIPPED
    assert (Path("results"), Path("results/latest")) == (installed.RESULTS, installed.LATEST)
    assert installed.COMMAND == "stackduel"


def test_installed_the_git_state_is_that_of_the_config_files_folder_or_of_the_current_one(
    installed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    assert installed.code_folder(None) == tmp_path / "mine"
    assert installed.code_folder(Path("mine.toml")) == tmp_path / "mine"
    assert installed.code_folder(tmp_path / "other/mine.toml") == tmp_path / "other"


def test_what_the_program_needs_is_there() -> None:
    for name in (
        "bench.toml",
        "flask_app/app.py",
        "fastapi_app/app.py",
        "upstream/__main__.py",
        "inprocess/__main__.py",
        "loadtests/mix.py",
    ):
        assert (places.SHIPPED / name).is_file()
