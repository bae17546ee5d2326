"""A small made-up town on loopback: servers that speak the platforms' real wire formats. Start at ``town.py``."""
