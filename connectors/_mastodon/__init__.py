"""Mastodon: calls, values and the walk through mentions and threads."""
