"""The local inbox: what went out while no provider is connected, as the customer would see it."""
