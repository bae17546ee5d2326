"""Disqus: calls, errors and values."""
