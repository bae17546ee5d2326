"""Instagram: account, sweeps, values and health."""
