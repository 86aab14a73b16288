"""The harness: plans cells, runs them, judges and records them, and shows what was recorded."""

__version__ = "0.1.0"
