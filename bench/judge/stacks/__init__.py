"""Stacks side by side: rows, ratios, memory and trade-offs."""
