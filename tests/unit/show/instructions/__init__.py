"""Tests of how counted instructions are shown."""
