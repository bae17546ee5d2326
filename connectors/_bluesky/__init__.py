"""Bluesky: XRPC, records, threads, the gate of a thread and the list of the blocked."""
