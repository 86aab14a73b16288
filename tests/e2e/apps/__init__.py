"""Apps and locustfiles of people who do not know where their limits are, or what is wrong with them."""
