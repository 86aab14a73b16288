"""GET /health: the cost of the framework alone."""

from typing import TypedDict

from flask import Blueprint

routes = Blueprint("health", __name__)


class Health(TypedDict):
    """The answer of /health."""

    status: str


@routes.get("/health")
def health() -> Health:
    """The service is up; nothing else is checked."""
    return {"status": "ok"}
