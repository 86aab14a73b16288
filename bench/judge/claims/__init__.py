"""What others state: whether published figures are possible."""
