"""What the claims of others come to."""
