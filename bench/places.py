"""Where things are: the files that come with the program, the results, and the code whose git state a run records."""

from pathlib import Path


def checkout_of(package: Path) -> Path | None:
    """The checkout that the package `bench` is a part of; None where it is installed and carries its files itself."""
    return None if (package / "bundled").is_dir() else package.parent


_PACKAGE = Path(__file__).resolve().parent

CHECKOUT = checkout_of(_PACKAGE)
"""The checkout that this program runs from; None where it is installed."""

SHIPPED = CHECKOUT or _PACKAGE / "bundled"
"""The folder of bench.toml, the demo services, the mock upstream and the locustfiles."""

RESULTS = CHECKOUT / "results" if CHECKOUT is not None else Path("results")
"""The folder of the runs: in the checkout; installed, in the current folder."""

LATEST = RESULTS / "latest"
REFERENCE = SHIPPED / "results" / "reference"
"""The run that other runs are compared with; an installed program brings none."""

COMMAND = "python -m bench" if CHECKOUT is not None else "stackduel"
"""How to call this program, for messages that name a command."""


def code_folder(config: Path | None) -> Path:
    """The folder whose git state a run records: the checkout; installed, that of the config file or the current one."""
    if CHECKOUT is not None:
        return CHECKOUT
    return config.resolve().parent if config is not None else Path.cwd()
