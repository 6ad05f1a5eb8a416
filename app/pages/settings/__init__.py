"""How the studio sends: hours and limits, channels and their providers, keys for programs."""
