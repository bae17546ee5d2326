"""YouTube: the channel, its lists, errors, tokens and health."""
