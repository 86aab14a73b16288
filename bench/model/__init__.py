"""The nouns: what is measured, what was seen and what it came to. Frozen, in base units, without behaviour."""
