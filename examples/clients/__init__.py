"""The FastAPI service with six HTTP clients: measures them and writes docs/httpx.md."""
