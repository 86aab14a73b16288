"""A table for each scenario and load, in the order of the results."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.run import Run
from bench.show.text.document import Cell, Column, Section, Table
from bench.show.text.titles import load_title


class Placed(Protocol):
    """Something that belongs to a scenario and a load."""

    @property
    def scenario(self) -> str:
        """The scenario's name."""

    @property
    def load(self) -> Load:
        """The load."""


_Placed = TypeVar("_Placed", bound=Placed)


def tables(
    name: str,
    run: Run,
    rows: Sequence[Row],
    found: Iterable[_Placed],
    columns: tuple[Column, ...],
    line: Callable[[_Placed], tuple[Cell, ...]],
) -> tuple[Section, ...]:
    """A section with a table of what was `found` under each scenario and load; without any for those that have none."""
    places: dict[tuple[str, Load], list[_Placed]] = {(row.scenario, row.load): [] for row in rows}
    for one in found:
        places[one.scenario, one.load].append(one)
    return tuple(
        Section(
            f"{name}-{number}",
            f"{run.config.scenarios[scenario].title}, {load_title(load)}",
            (Table(columns, tuple(map(line, own)), 0),),
        )
        for number, ((scenario, load), own) in enumerate(places.items(), start=1)
        if own
    )
