"""The asynchronous service: FastAPI, ASGI, `httpx`. threads/ is the same service in plain functions."""
