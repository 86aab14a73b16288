"""An option of its own, listeners, a module beside it and a file in its folder."""

import csv
from pathlib import Path
from typing import Any

from locust import HttpUser, events, tag, task
from locust.env import Environment

from paths_beside import ITEM

STARTED = []


@events.init_command_line_parser.add_listener
def _(parser: Any) -> None:
    parser.add_argument("--item", default="1")


@events.test_start.add_listener
def started(environment: Environment, **_: Any) -> None:
    """Read what the folder has, by a relative path."""
    with Path("items.csv").open(encoding="utf-8") as file:
        STARTED.extend(row["id"] for row in csv.DictReader(file))


class Reader(HttpUser):
    """Reads what the option names, and what the file names."""

    @tag("wanted")
    @task
    def option(self) -> None:
        """By the option."""
        self.client.get(f"{ITEM}?id={self.environment.parsed_options.item}", name="option")

    @tag("wanted")
    @task
    def row(self) -> None:
        """By the file."""
        self.client.get(f"{ITEM}?id={STARTED[0]}", name="file")
        print(".", end="")  # some print, and some log in JSON
        print('{"event": "end", "level": "info"}')

    @tag("other")
    @task
    def never(self) -> None:
        """Left out by --tags."""
        self.client.get("/never")
