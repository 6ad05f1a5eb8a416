"""The customers: the list, one customer's page, and bringing them in from a file."""
