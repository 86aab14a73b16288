"""Tests of what a profiler saw."""
