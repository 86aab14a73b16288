"""GET /health in a plain function."""

from fastapi import APIRouter

from fastapi_app.health import Health

router = APIRouter()


@router.get("/health")
def health() -> Health:
    """The service is up; nothing else is checked."""
    return Health(status="ok")
