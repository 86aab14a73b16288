"""The same FastAPI service with six HTTP clients: docs/clients.md, and what measures and writes it."""
