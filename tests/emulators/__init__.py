"""Stand-ins that speak the providers' wire protocols (providers 9.4)."""
