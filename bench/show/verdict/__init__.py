"""The verdict of a comparison of base and head."""
