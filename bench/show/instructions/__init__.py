"""Counted instructions, of one revision or compared."""
