"""The service again in plain functions, over `requests`: FastAPI runs each request in a thread of its pool."""
