"""Base and head compared: family, policy, evidence, tests, verdict."""
