"""Watching trainings: the updates, the passes over their data."""
