"""The asynchronous service: FastAPI, ASGI, `httpx`; and the same service in plain `def` functions over `requests`."""
