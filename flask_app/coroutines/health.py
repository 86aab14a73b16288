"""GET /health in a coroutine."""

from flask import Blueprint

from flask_app.health import Health

routes = Blueprint("health", __name__)


@routes.get("/health")
async def health() -> Health:
    """The service is up; nothing else is checked."""
    return {"status": "ok"}
