"""Facebook Pages: sweeps, values, hands, tokens and health."""
