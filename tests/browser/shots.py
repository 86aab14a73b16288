"""Screenshots of the reference page for people to look at, wide and narrow, light and dark.

    python -m tests.browser.shots FOLDER [PAGE]

Each is cut into pieces from the top down, FOLDER/report-WIDTH-THEME-NUMBER.png.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tests.browser.chromium import NARROW, WIDE, Theme, browsing, lacking
from tests.browser.runs import REFERENCE

PIECE = 2000
"""Pixels: higher pictures are shown too small to read."""


def main(argv: Sequence[str]) -> int:
    """0 once they are all written; 1 where there is no browser or no page."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("page", metavar="PAGE", nargs="?", type=Path, default=REFERENCE / "report.html")
    arguments = parser.parse_args(argv)
    folder, page = arguments.folder, arguments.page.resolve()
    problem = lacking() if page.is_file() else f"{page} is not there: make reference"
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        for width in (WIDE, NARROW):
            for theme in get_args(Theme):
                browser.open(page, width=width, theme=theme)
                for number, picture in enumerate(browser.pictures(PIECE), start=1):
                    (folder / f"report-{width}-{theme}-{number}.png").write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
