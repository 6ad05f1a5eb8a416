"""Journeys: the list of them, and the builder with its canvas."""
