"""Counted instructions: read and compared."""
