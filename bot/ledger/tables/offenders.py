"""Accounts: warnings, proposals, blocks."""
