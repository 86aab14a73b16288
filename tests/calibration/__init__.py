"""The calibration of the regression gate: false alarms and detected slowdowns, from real sessions."""
