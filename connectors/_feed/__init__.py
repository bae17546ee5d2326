"""Feeds: fetching, entries and posts."""
