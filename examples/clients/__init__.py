"""The FastAPI service with six HTTP clients: measures them and writes docs/clients.md."""
