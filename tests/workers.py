"""The processes that `pytest -n` starts: how many, what each is given, and what it has for itself."""

import os

from xdist.scheduler import LoadScopeScheduling

from bench.run.host import ports

MOST = 8


def workers(cores: int) -> int:
    """How many `-n auto` starts: more than cores, because a test that runs a program mostly waits for it."""
    return min(2 * cores, MOST)


def own_ports() -> range:
    """The ports of this worker. Another could take a port between its choice and the start of its server."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return ports._SERVED[number::count]


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a worker a whole file at a time; or a whole folder, where its files share servers or a browser."""

    SHARING = ("tests/contract/", "tests/browser/")

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return next((folder for folder in self.SHARING if file.startswith(folder)), file)
