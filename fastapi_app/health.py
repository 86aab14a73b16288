"""GET /health: the cost of the framework alone."""

from fastapi import APIRouter

from fastapi_app.bodies import Record

router = APIRouter()


class Health(Record):
    """The answer of /health."""

    status: str


@router.get("/health")
async def health() -> Health:
    """The service is up; nothing else is checked."""
    return Health(status="ok")
