"""Locust scenarios, one a file, and beside them the HTTP client, the conduct of a measured run and its recording."""
