"""Floor 4, showing: tables, charts and the report. Works from a results folder alone and computes nothing."""
