"""Reddit: calls, values and sweeps."""
