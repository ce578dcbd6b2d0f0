"""Machinery that no learner has to read."""
