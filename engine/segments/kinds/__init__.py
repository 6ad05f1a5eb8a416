"""Kinds of fields: what a kind can be asked, which values it takes, and its SQL. Siblings of one shape."""
