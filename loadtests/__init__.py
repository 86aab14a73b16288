"""Locust scenarios, one a file. What they share is in engine/."""
