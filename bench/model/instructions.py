"""Counted instructions: how many a service needs for a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """The instructions that a stack needed for `requests` requests of a scenario, with `users` of them in flight."""

    stack: str
    scenario: str
    users: int
    requests: int
    instructions: int

    @property
    def per_request(self) -> float:
        """Instructions per request."""
        return self.instructions / self.requests

    @property
    def place(self) -> tuple[str, str, int]:
        """What was counted: stack, scenario and users."""
        return self.stack, self.scenario, self.users


@dataclass(frozen=True, slots=True)
class CountedPair:
    """What base and head needed for the same requests. `again`: the same in other layouts of memory."""

    base: Counted
    head: Counted
    again: tuple[tuple[Counted, Counted], ...] = ()
