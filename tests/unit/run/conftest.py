"""What the tests of the testbed, of cells and of the host share."""

from pathlib import Path

import pytest

from bench.run.host import tree


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A platform without /proc, such as macOS."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(tree, "Path", lambda name: tmp_path / str(name).lstrip("/"))
