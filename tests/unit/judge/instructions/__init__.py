"""Tests of counted instructions: read and compared."""
