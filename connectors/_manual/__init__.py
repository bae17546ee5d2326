"""Imports: files, rows and what is refused of them."""
