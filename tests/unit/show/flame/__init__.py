"""Tests of flame graphs and their tables."""
