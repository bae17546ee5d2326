"""LinkedIn: notifications, threads, values, tokens and health."""
