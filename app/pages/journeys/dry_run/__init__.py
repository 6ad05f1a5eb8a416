"""The dry run in the builder: who walks, the virtual clock, and what happened, told as it happens (J10)."""
