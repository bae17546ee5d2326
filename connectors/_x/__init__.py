"""X: calls and what they cost, posts and sweeps."""
