"""Figures from run to run: which are alike, and where they stepped."""
