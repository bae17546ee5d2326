"""Discourse: calls, values and the walk through a forum."""
