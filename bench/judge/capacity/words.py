"""What a search found, in words."""

from bench.model.loads import objective_name
from bench.model.search import Search
from bench.units import rate


def in_words(found: Search) -> str:
    """`690 requests/s with P95 within 200 ms`, or why there is no such rate."""
    objective = objective_name(found.sought.objective)
    match found.ending:
        case "found":
            return f"{rate(found.rate_rps)} with {objective}"
        case "at least":
            return f"at least {rate(found.rate_rps)} with {objective}: {found.why}"
        case "never":
            return f"never {objective}, {found.why}"
        case _:
            return f"{objective} is {found.ending}: {found.why}"
