"""The real engine in a hostile world: virtual time, crashes between any two commits, all from a seed."""
