"""How the studio sends: channels and their providers, hours and limits, budgets and prices, keys for programs."""
