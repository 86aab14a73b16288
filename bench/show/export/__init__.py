"""The figures and verdicts of a run in the formats of other tools."""
