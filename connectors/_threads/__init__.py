"""Threads: conversations, values and health."""
