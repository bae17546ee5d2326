"""Isso: the public API and the page of its administrator."""
