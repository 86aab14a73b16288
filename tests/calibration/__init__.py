"""How often the regression gate cries wolf, and what it catches: real sessions, and what they come to."""
